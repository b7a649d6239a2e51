//! Extraction of linear and negative terms compared with the bare products of equal shapes. Both
//! are timed in turn in one run.
//!
//! ```text
//! cargo bench --bench extraction            all networks
//! cargo bench --bench extraction -- fcn4    one of fcn4, fcn8, vgg
//! ```
//!
//! "Bare" is the least work of any extraction: one product forward and two back (linear and
//! negative rows) per layer, without biases, activations, masks, shifts or reading results.

use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Distribution, Tensor};
use tropex::train::zoo::{Architecture, Classifier};
use tropex::{Classes, ComputeTarget, Extractor, Gauge, Network, Precision, SelfCheck, capture};

mod support;
use support::{arguments, threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one counts, which other load on the machine disturbs least.
const ROUNDS: usize = 5;

/// Rows and columns of the products that measure the speed of the machine.
const GEMM: usize = 2048;

struct ExtractionBench {
    architecture: &'static str,
    shape: [usize; 3],
    points: usize,
    batch: usize,
    layers: Vec<LayerCost>,
}

/// The sizes of a layer with weights, which determine its cost.
#[derive(Clone, Copy)]
enum LayerCost {
    /// Inputs and outputs.
    Dense(usize, usize),
    /// Channels in and out of a 3x3 convolution, and the width of its square planes.
    Conv(usize, usize, usize),
}

fn dense(widths: &[usize]) -> Vec<LayerCost> {
    widths.windows(2).map(|pair| LayerCost::Dense(pair[0], pair[1])).collect()
}

fn cases() -> Vec<ExtractionBench> {
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
    let vgg = conv.map(|(from, to, width)| LayerCost::Conv(from, to, width)).into_iter();
    vec![
        ExtractionBench {
            architecture: "fcn4",
            shape: [1, 28, 28],
            points: 8192,
            batch: 1024,
            layers: dense(&[784, 784, 200, 80, 10]),
        },
        ExtractionBench {
            architecture: "fcn8",
            shape: [3, 32, 32],
            points: 2048,
            batch: 512,
            layers: dense(&[3072, 4096, 3072, 2048, 1024, 512, 256, 128, 10]),
        },
        ExtractionBench {
            architecture: "vgg",
            shape: [3, 32, 32],
            points: 256,
            batch: 32,
            layers: vgg.chain(dense(&[2048, 128, 10])).collect(),
        },
    ]
}

fn main() {
    let wanted = arguments();
    let (name, device) = support::device();
    println!("device {name}, {} threads, fastest of {ROUNDS} rounds, seed 0\n", threads());
    for precision in [Precision::F32, Precision::F64] {
        let target = ComputeTarget::new(&device, precision).expect("the device has it");
        let peak = products(&target);
        println!("{}: products of {GEMM} x {GEMM} {peak:.1} GFLOP/s\n", precision.name());
        for case in cases() {
            if wanted.is_empty() || wanted.iter().any(|name| name == case.architecture) {
                case.run(&target, peak);
            }
        }
    }
}

/// The speed of the device for products of square matrices, in GFLOP/s.
fn products(target: &ComputeTarget) -> f64 {
    let (left, right) = (random([GEMM, GEMM], target), random([GEMM, GEMM], target));
    let seconds = (0..ROUNDS).map(|_| timed(|| left.clone().matmul(right.clone()).into_data()).0);
    2.0 * GEMM.pow(3) as f64 / seconds.fold(f64::INFINITY, f64::min) / 1e9
}

impl ExtractionBench {
    fn run(&self, target: &ComputeTarget, peak: f64) {
        let network = self.network(target);
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted)
            .expect("the shifts are finite");
        let points = self.values();
        let products = self.bare(target);
        let (mut bare, mut whole, mut checked) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let multiply = || {
                (0..self.points / self.batch).for_each(|_| products.iter().for_each(|p| p()));
                target.device().sync().expect("the device answers");
            };
            bare = bare.min(timed(multiply).0);
            whole = whole.min(timed(|| self.extract(&extractor, &points, false)).0);
            checked = checked.min(timed(|| self.extract(&extractor, &points, true)).0);
        }
        let flops = 3.0 * 2.0 * self.layers.iter().map(LayerCost::products).sum::<f64>();
        let rate = |seconds: f64| flops * self.points as f64 / seconds / 1e9;
        println!("{}: {} points in batches of {}", self.architecture, self.points, self.batch);
        for (what, seconds) in
            [("bare products", bare), ("extraction", whole), ("with self-check", checked)]
        {
            println!(
                "  {what:15} {seconds:8.3} s {:8.0} points/s {:6.1} GFLOP/s {:4.0} % of that, x{:.2}",
                self.points as f64 / seconds,
                rate(seconds),
                100.0 * rate(seconds) / peak,
                seconds / bare
            );
        }
        println!();
    }

    fn network(&self, target: &ComputeTarget) -> Network {
        let architecture = Architecture::find(self.architecture).expect("in the zoo");
        let classifier = architecture.init(self.shape, 10, target.device(), 0);
        let classifier = classifier.expect("fits the images");
        let network = capture(&classifier, self.shape, Classifier::forward);
        network.expect("zoo networks are supported").to_target(target)
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

    /// Times one batch through all layers, forward and back. The operands are made beforehand.
    fn bare(&self, target: &ComputeTarget) -> Vec<Product> {
        let forward = self.layers.iter().map(|layer| layer.forward(self.batch, target));
        let back = self.layers.iter().rev().map(|layer| layer.back(2 * self.batch, target));
        forward.chain(back).collect()
    }
}

/// A product of operands that exist already.
type Product = Box<dyn Fn()>;

impl LayerCost {
    /// Number of multiplications for one point in one direction.
    fn products(&self) -> f64 {
        match *self {
            Self::Dense(inputs, outputs) => (inputs * outputs) as f64,
            Self::Conv(from, to, width) => (9 * from * to * width * width) as f64,
        }
    }

    fn forward(&self, count: usize, target: &ComputeTarget) -> Product {
        match *self {
            Self::Dense(inputs, outputs) => {
                let (x, weight) =
                    (random([count, inputs], target), random([inputs, outputs], target));
                product(move || x.clone().matmul(weight.clone()))
            }
            Self::Conv(from, to, width) => {
                let x = random([count, from, width, width], target);
                let weight = random([to, from, 3, 3], target);
                product(move || {
                    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
                    conv2d(x.clone(), weight.clone(), None, options)
                })
            }
        }
    }

    fn back(&self, count: usize, target: &ComputeTarget) -> Product {
        match *self {
            Self::Dense(inputs, outputs) => {
                let rows = random([count, outputs], target);
                let weight = random([inputs, outputs], target);
                product(move || rows.clone().matmul(weight.clone().transpose()))
            }
            Self::Conv(from, to, width) => {
                let rows = random([count, to, width, width], target);
                let weight = random([to, from, 3, 3], target);
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

fn random<const D: usize>(shape: [usize; D], target: &ComputeTarget) -> Tensor<D> {
    let options = (target.device(), target.precision().dtype());
    Tensor::random(shape, Distribution::Default, options)
}
