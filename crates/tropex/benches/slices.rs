//! Exact partitions of planes: polygons per second, of networks and of extracted functions, beside
//! the replay of as many points as there are vertices, which is the least that finding them takes.
//!
//! ```text
//! cargo bench --bench slices
//! ```

use std::time::{Duration, Instant};

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::experiments::ImagePoints;
use tropex::extract::region::slice::{Partition, Plane, TermPartition, Window};
use tropex::extract::store::ExtractOptions;
use tropex::train::data::{Dataset, OpenOptions, open};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{
    Classes, Extractor, Gauge, Network, PointSource, Precision, TermStore, capture, device,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds; the fastest of each side counts, which a busy machine disturbs least.
const ROUNDS: usize = 3;

const SEED: u64 = 0;

/// Networks of images, and how far the window reaches beyond three of them: so little that it takes
/// seconds.
const ARCHITECTURES: [(&str, f64); 2] = [("fcn4", -0.4), ("vgg-narrow", -0.4995)];

/// More polygons than any network here makes.
const LIMIT: usize = 10_000_000;

/// A fully-connected network with random weights.
#[derive(Module, Debug)]
struct Layers {
    layers: Vec<Linear>,
}

impl Layers {
    fn new(widths: &[usize], device: &Device) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let mut numbers = |count: usize, scale: f64| -> Vec<f32> {
            (0..count).map(|_| (scale * random.random_range(-1.0..1.0)) as f32).collect()
        };
        let mut layer = |pair: &[usize]| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let weights = numbers(inputs * outputs, (6.0 / inputs as f64).sqrt());
            let weights = TensorData::new(weights, [inputs, outputs]);
            let biases = TensorData::new(numbers(outputs, 0.5), [outputs]);
            Linear {
                weight: Param::from_tensor(Tensor::from_data(weights, device)),
                bias: Some(Param::from_tensor(Tensor::from_data(biases, device))),
            }
        };
        Self { layers: widths.windows(2).map(&mut layer).collect() }
    }

    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let (last, hidden) = self.layers.split_last().expect("there are layers");
        last.forward(hidden.iter().fold(points, |value, layer| relu(layer.forward(value))))
    }
}

fn main() {
    let name = std::env::var("TROPEX_BENCH_DEVICE").unwrap_or_else(|_| device::default_name());
    let device = device::find(&name).expect("TROPEX_BENCH_DEVICE names a device of this build");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("device {name}, {cores} threads, fastest of {ROUNDS} rounds, seed {SEED}, f64");
    let layers = Layers::new(&[2, 64, 64, 64, 2], &device);
    let network = capture(&layers, [2], Layers::forward).expect("is supported");
    let square = Window::rectangle([-1.0, 1.0], [-1.0, 1.0]).expect("is one");
    of_network("2-64-64-64-2, [-1, 1] x [-1, 1]", &network, &Plane::whole(), &square);
    let dataset = open("embedded", &OpenOptions::default()).expect("inside this program");
    for (architecture, margin) in ARCHITECTURES {
        let (plane, window) = between_images(&dataset, margin);
        let classifier = untrained(architecture, &dataset, &device);
        let network = capture(&classifier, dataset.train.shape(), Classifier::forward);
        let network = network.expect("is supported");
        of_network(&format!("untrained {architecture}, between images"), &network, &plane, &window);
        if architecture == "fcn4" {
            of_terms(&network, &dataset, &plane, &window);
        }
    }
}

/// The plane of the first three images, and a window between them.
fn between_images(dataset: &Dataset, margin: f64) -> (Plane, Window) {
    let images = [0, 1, 2].map(|index| dataset.train.read(index..index + 1));
    let plane = Plane::through([&images[0], &images[1], &images[2]]).expect("no three on a line");
    let corners = images.map(|image| plane.coordinates(&image).expect("one of the images"));
    let window = Window::around(&corners, margin).expect("not all the same");
    (plane, window)
}

fn untrained(name: &str, dataset: &Dataset, device: &Device) -> Classifier {
    let architecture = Architecture::find(name).expect("in the zoo");
    let (shape, classes) = (dataset.train.shape(), dataset.train.classes());
    architecture.init(shape, classes, device, SEED).expect("fits the images")
}

fn of_network(what: &str, network: &Network, plane: &Plane, window: &Window) {
    let placement = tropex::Placement::new(network.placement().device(), Precision::F64);
    let network = network.place(&placement.expect("the device has f64"));
    let (time, partition) =
        fastest(|| Partition::of_network(&network, plane, window, LIMIT).expect("below the limit"));
    let points: Vec<f64> =
        partition.vertices.iter().flat_map(|&vertex| plane.point(vertex)).collect();
    let (replay, _) = fastest(|| {
        for points in points.chunks(256 * network.features()) {
            let shape = [points.len() / network.features(), network.features()];
            let dtype = Precision::F64.dtype();
            let data = TensorData::new(points.to_vec(), shape);
            let points = Tensor::from_data(data, (network.placement().device(), dtype));
            std::hint::black_box(network.replay(points).logits().into_data());
        }
    });
    let (regions, seconds) = (partition.regions.len(), time.as_secs_f64());
    println!(
        "{what}: {regions} regions, {} cells in {seconds:.3} s, {:.0} regions a second; replay of \
         {} vertices {:.3} s, x{:.1}",
        partition.cells.len(),
        regions as f64 / seconds,
        partition.vertices.len(),
        replay.as_secs_f64(),
        seconds / replay.as_secs_f64()
    );
}

fn of_terms(network: &Network, dataset: &Dataset, plane: &Plane, window: &Window) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let extractor = Extractor::new(network, Gauge::WorstCase, Classes::Predicted);
    let extractor = extractor.expect("the shifts are finite");
    let points = ImagePoints::new(&dataset.train, None);
    let options = ExtractOptions { dominance_points: 0, ..ExtractOptions::default() };
    let store = TermStore::extract(folder.path(), &extractor, &points, &options, &|_| {});
    let store = store.expect("the disk has room");
    let (time, found) =
        fastest(|| TermPartition::new(&store, plane, window, LIMIT).expect("below the limit"));
    println!(
        "its {} terms: {} regions, {} positive and {} negative terms win, {:.3} s",
        points.len(),
        found.partition.regions.len(),
        found.positive_terms,
        found.negative_terms,
        time.as_secs_f64()
    );
}

fn fastest<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut round = || {
        let start = Instant::now();
        let result = work();
        (start.elapsed(), result)
    };
    let first = round();
    (1..ROUNDS).fold(first, |least, _| {
        let next = round();
        if next.0 < least.0 { next } else { least }
    })
}
