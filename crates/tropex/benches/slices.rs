//! Exact partitions of planes by networks and by extracted functions, in polygons per second. A
//! replay of all vertices, which every partition needs, is timed too.
//!
//! ```text
//! cargo bench --bench slices
//! TROPEX_BENCH_PYTHON=.../bin/python cargo bench --bench slices  # beside relucent, in Python
//! ```

use std::ops::ControlFlow;
use std::path::Path;

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, TensorView};
use tropex::experiments::ImagePoints;
use tropex::extract::job::ExtractOptions;
use tropex::geometry::slice::{Partition, Plane, TermPartition, Window};
use tropex::train::data::{Dataset, OpenOptions, open};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, Extractor, Gauge, Network, PointSource, Precision, TermStore, capture};

mod support;
use support::peer::{Peer, python};
use support::{threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 3;

const SEED: u64 = 0;

/// Networks of images, and the margin of the window around three images. The windows are so small
/// that a partition takes seconds.
const ARCHITECTURES: [(&str, f64); 3] = [("fcn4", -0.4), ("vgg-narrow", -0.4995), ("vgg", -0.4999)];

/// A limit above the number of polygons of every network in this benchmark.
const LIMIT: usize = 10_000_000;

/// Widths of networks with two inputs, and the number of regions after which a peer may stop.
const IN_THE_PLANE: [(&[usize], f64); 2] =
    [(&[2, 16, 16, 16, 2], f64::INFINITY), (&[2, 64, 64, 64, 2], 500.0)];

/// A fully-connected network with random weights.
#[derive(Module, Debug)]
struct SliceNetwork {
    layers: Vec<Linear>,
}

impl SliceNetwork {
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

    /// Writes weights and biases with the names and layouts of PyTorch.
    fn write(&self, file: &Path) {
        let tensors = self.layers.iter().enumerate().flat_map(|(number, layer)| {
            let bias = layer.bias.as_ref().expect("every layer has one");
            [
                (format!("layers.{number}.weight"), layer.weight.val().transpose().into_data()),
                (format!("layers.{number}.bias"), bias.val().into_data()),
            ]
        });
        let tensors: Vec<_> = tensors.collect();
        let views = tensors.iter().map(|(name, data)| {
            let view = TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes());
            (name, view.expect("the bytes are those of the shape"))
        });
        safetensors::serialize_to_file(views, None, file).expect("the disk has room");
    }

    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let (last, hidden) = self.layers.split_last().expect("there are layers");
        last.forward(hidden.iter().fold(points, |value, layer| relu(layer.forward(value))))
    }
}

fn main() {
    let (name, device) = support::device();
    println!("device {name}, {} threads, fastest of {ROUNDS} rounds, seed {SEED}, f64", threads());
    for (widths, limit) in IN_THE_PLANE {
        in_the_plane(widths, limit, &device);
    }
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

/// Partitions a square with this library and with the Python library.
fn in_the_plane(widths: &[usize], limit: f64, device: &Device) {
    let layers = SliceNetwork::new(widths, device);
    let network = capture(&layers, [2], SliceNetwork::forward).expect("is supported");
    let square = Window::rectangle([-1.0, 1.0], [-1.0, 1.0]).expect("is one");
    let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
    let what = format!("{}, [-1, 1] x [-1, 1]", widths.join("-"));
    let own = of_network(&what, &network, &Plane::whole(), &square);
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("weights.safetensors");
    layers.write(&file);
    let arguments = [file.display().to_string(), "1".into(), threads().to_string()];
    let (mut peer, greeting) = Peer::start(&python, "relucent/polygons.py", &arguments);
    let answer = peer.ask(&limit.to_string());
    let rate = answer[1] / answer[0];
    println!(
        "  relucent ({greeting}): {} regions in {:.3} s, {rate:.0} a second: x{:.0}",
        answer[1],
        answer[0],
        own / rate
    );
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

/// Prints and returns the number of regions per second.
fn of_network(what: &str, network: &Network, plane: &Plane, window: &Window) -> f64 {
    let target = tropex::ComputeTarget::new(network.target().device(), Precision::F64);
    let network = network.to_target(&target.expect("the device has f64"));
    let (time, partition) =
        fastest(|| Partition::of_network(&network, plane, window, LIMIT).expect("below the limit"));
    let points: Vec<f64> =
        partition.vertices.iter().flat_map(|&vertex| plane.point(vertex)).collect();
    let (replay, _) = fastest(|| {
        for points in points.chunks(256 * network.features()) {
            let shape = [points.len() / network.features(), network.features()];
            let dtype = Precision::F64.dtype();
            let data = TensorData::new(points.to_vec(), shape);
            let points = Tensor::from_data(data, (network.target().device(), dtype));
            std::hint::black_box(network.replay(points).logits().into_data());
        }
    });
    let (regions, seconds) = (partition.regions.len(), time);
    println!(
        "{what}: {regions} regions, {} cells in {seconds:.3} s, {:.0} regions a second; replay of \
         {} vertices {:.3} s, x{:.1}",
        partition.cells.len(),
        regions as f64 / seconds,
        partition.vertices.len(),
        replay,
        seconds / replay
    );
    regions as f64 / seconds
}

fn of_terms(network: &Network, dataset: &Dataset, plane: &Plane, window: &Window) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let extractor = Extractor::new(network, Gauge::WorstCase, Classes::Predicted);
    let extractor = extractor.expect("the shifts are finite");
    let points = ImagePoints::new(&dataset.train, None);
    let options = ExtractOptions { dominance_points: 0, ..ExtractOptions::default() };
    let store = TermStore::extract(folder.path(), &extractor, &points, &options, &|_| {
        ControlFlow::Continue(())
    });
    let store = store.expect("the disk has room");
    let (time, found) =
        fastest(|| TermPartition::new(&store, plane, window, LIMIT).expect("below the limit"));
    println!(
        "its {} terms: {} regions, {} positive and {} negative terms win, {:.3} s",
        points.len(),
        found.partition.regions.len(),
        found.positive_terms,
        found.negative_terms,
        time
    );
}

/// The smallest time of all rounds in seconds, and the result of the work.
fn fastest<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let first = timed(&mut work);
    (1..ROUNDS).fold(first, |least, _| {
        let next = timed(&mut work);
        if next.0 < least.0 { next } else { least }
    })
}
