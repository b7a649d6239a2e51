//! Extraction of linear and negative terms against the bare products of the same shapes, both
//! timed in turn in one run.
//!
//! ```text
//! cargo bench --bench extraction            all networks
//! cargo bench --bench extraction -- fcn4    one of fcn4, fcn8, vgg
//! ```
//!
//! "Bare" is the least that any extraction must do: one product forward and two back (linear and
//! negative rows) per layer, without biases, activations, masks, shifts or reading results.

use std::time::{Duration, Instant};

use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Distribution, Tensor};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, Extractor, Gauge, Network, SelfCheck, capture, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds; the fastest of each side counts, which a busy machine disturbs least.
const ROUNDS: usize = 5;

struct Case {
    architecture: &'static str,
    shape: [usize; 3],
    points: usize,
    batch: usize,
    layers: Vec<Layer>,
}

/// A layer with weights, as far as its cost is concerned.
#[derive(Clone, Copy)]
enum Layer {
    /// Inputs and outputs.
    Dense(usize, usize),
    /// Channels in and out, and the width of the square plane; 3x3, same size.
    Conv(usize, usize, usize),
}

fn dense(widths: &[usize]) -> Vec<Layer> {
    widths.windows(2).map(|pair| Layer::Dense(pair[0], pair[1])).collect()
}

fn cases() -> Vec<Case> {
    let conv = [
        (3, 32, 32),
        (32, 32, 32),
        (32, 64, 16),
        (64, 64, 16),
        (64, 64, 16),
        (64, 128, 8),
        (128, 128, 8),
        (128, 128, 8),
    ];
    let vgg = conv.map(|(from, to, width)| Layer::Conv(from, to, width)).into_iter();
    vec![
        Case {
            architecture: "fcn4",
            shape: [1, 28, 28],
            points: 8192,
            batch: 1024,
            layers: dense(&[784, 784, 200, 80, 10]),
        },
        Case {
            architecture: "fcn8",
            shape: [3, 32, 32],
            points: 2048,
            batch: 512,
            layers: dense(&[3072, 4096, 3072, 2048, 1024, 512, 256, 128, 10]),
        },
        Case {
            architecture: "vgg",
            shape: [3, 32, 32],
            points: 256,
            batch: 32,
            layers: vgg.chain(dense(&[2048, 128, 10])).collect(),
        },
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let name = std::env::var("TROPEX_BENCH_DEVICE").unwrap_or_else(|_| device::default_name());
    let device = device::find(&name).expect("TROPEX_BENCH_DEVICE names a device of this build");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("device {name}, {cores} threads, f32, fastest of {ROUNDS} rounds, seed 0\n");
    for case in cases() {
        if wanted.is_empty() || wanted.iter().any(|name| name == case.architecture) {
            case.run(&device);
        }
    }
}

impl Case {
    fn run(&self, device: &Device) {
        let network = self.network(device);
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted)
            .expect("the shifts are finite");
        let points = self.values();
        let products = self.bare(device);
        let (mut bare, mut whole, mut checked) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            bare = bare.min(time(|| {
                (0..self.points / self.batch).for_each(|_| products.iter().for_each(|p| p()));
                device.sync().expect("the device answers");
            }));
            whole = whole.min(time(|| self.extract(&extractor, &points, false)));
            checked = checked.min(time(|| self.extract(&extractor, &points, true)));
        }
        let flops = 3.0 * 2.0 * self.layers.iter().map(Layer::products).sum::<f64>();
        let rate = |time: Duration| flops * self.points as f64 / time.as_secs_f64() / 1e9;
        println!("{}: {} points in batches of {}", self.architecture, self.points, self.batch);
        for (what, time) in
            [("bare products", bare), ("extraction", whole), ("with self-check", checked)]
        {
            println!(
                "  {what:15} {:8.3} s {:8.0} points/s {:6.1} GFLOP/s  x{:.2}",
                time.as_secs_f64(),
                self.points as f64 / time.as_secs_f64(),
                rate(time),
                time.as_secs_f64() / bare.as_secs_f64()
            );
        }
        println!();
    }

    fn network(&self, device: &Device) -> Network {
        let architecture = Architecture::find(self.architecture).expect("in the zoo");
        let classifier = architecture.init(self.shape, 10, device, 0).expect("fits the images");
        capture(&classifier, self.shape, Classifier::forward).expect("zoo networks are supported")
    }

    fn values(&self) -> Vec<f32> {
        let features: usize = self.shape.iter().product();
        (0..self.points * features).map(|i| (i as f32 * 0.618_034).fract()).collect()
    }

    fn extract(&self, extractor: &Extractor, points: &[f32], check: bool) {
        let features: usize = self.shape.iter().product();
        for batch in points.chunks(self.batch * features) {
            let terms = extractor.extract(batch).expect("whole points");
            if check {
                std::hint::black_box(SelfCheck::of(&terms, batch));
            }
        }
    }

    /// One batch through all layers, forward and back, on operands made beforehand.
    fn bare(&self, device: &Device) -> Vec<Product> {
        let forward = self.layers.iter().map(|layer| layer.forward(self.batch, device));
        let back = self.layers.iter().rev().map(|layer| layer.back(2 * self.batch, device));
        forward.chain(back).collect()
    }
}

/// A product whose operands are at hand.
type Product = Box<dyn Fn()>;

impl Layer {
    /// Multiplications for one point and one direction.
    fn products(&self) -> f64 {
        match *self {
            Self::Dense(inputs, outputs) => (inputs * outputs) as f64,
            Self::Conv(from, to, width) => (9 * from * to * width * width) as f64,
        }
    }

    fn forward(&self, count: usize, device: &Device) -> Product {
        match *self {
            Self::Dense(inputs, outputs) => {
                let (x, weight) =
                    (random([count, inputs], device), random([inputs, outputs], device));
                product(move || x.clone().matmul(weight.clone()))
            }
            Self::Conv(from, to, width) => {
                let x = random([count, from, width, width], device);
                let weight = random([to, from, 3, 3], device);
                product(move || {
                    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
                    conv2d(x.clone(), weight.clone(), None, options)
                })
            }
        }
    }

    fn back(&self, count: usize, device: &Device) -> Product {
        match *self {
            Self::Dense(inputs, outputs) => {
                let rows = random([count, outputs], device);
                let weight = random([inputs, outputs], device);
                product(move || rows.clone().matmul(weight.clone().transpose()))
            }
            Self::Conv(from, to, width) => {
                let rows = random([count, to, width, width], device);
                let weight = random([to, from, 3, 3], device);
                product(move || {
                    let options = ConvTransposeOptions::new([1, 1], [1, 1], [0, 0], [1, 1], 1);
                    conv_transpose2d(rows.clone(), weight.clone(), None, options)
                })
            }
        }
    }
}

fn product<const D: usize>(compute: impl Fn() -> Tensor<D> + 'static) -> Product {
    Box::new(move || {
        std::hint::black_box(compute());
    })
}

fn random<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, Distribution::Default, device)
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
