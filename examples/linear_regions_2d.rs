//! Trains a small network on three spirals in the plane, extracts the linear term of every point,
//! and draws the linear regions of the network and of the extracted function.
//!
//! ```text
//! cargo run --example linear_regions_2d [-- --out target --steps 600 --device flex]
//! ```
//!
//! Writes `linear_regions_2d.svg` and `linear_regions_2d.png`.

use std::f64::consts::TAU;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use clap::Parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::experiments::render::{MarkedPoint, RegionMap, RegionPanel};
use tropex::extract::job::ExtractOptions;
use tropex::geometry::slice::{Partition, Plane, TermPartition, Window};
use tropex::{Classes, Extractor, Gauge, PointSource, TermStore, capture, device};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLASSES: usize = 3;
const POINTS: usize = 100;
const HIDDEN: usize = 24;
const LEARNING_RATE: f64 = 0.01;
const SEED: u64 = 0;
/// Limit of the number of polygons. It is above the number for this network.
const LIMIT: usize = 100_000;

#[derive(Debug, Parser)]
struct Cli {
    /// Folder for the pictures. Default: the target folder of the build.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Training steps.
    #[arg(long, default_value = "600")]
    steps: usize,
    /// Device to compute on, with a name of `tropex list`.
    #[arg(long, default_value_t = device::default_name())]
    device: String,
}

/// A network with two inputs and two hidden layers.
#[derive(Module, Debug)]
struct SpiralNetwork {
    first: Linear,
    second: Linear,
    logits: Linear,
}

impl SpiralNetwork {
    fn new(device: &Device) -> Self {
        Self {
            first: LinearConfig::new(2, HIDDEN).init(device),
            second: LinearConfig::new(HIDDEN, HIDDEN).init(device),
            logits: LinearConfig::new(HIDDEN, CLASSES).init(device),
        }
    }

    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.first.forward(points));
        self.logits.forward(relu(self.second.forward(hidden)))
    }

    /// Trains for a number of steps on all points.
    fn train(mut self, spirals: &Spirals, steps: usize, device: &Device) -> Self {
        let (points, labels) = spirals.tensors(device);
        let (mut optimizer, loss) =
            (AdamConfig::new().init(), CrossEntropyLossConfig::new().init(device));
        for _ in 0..steps {
            let loss = loss.forward(self.forward(points.clone()), labels.clone());
            let gradients = GradientsParams::from_grads(loss.backward(), &self);
            self = optimizer.step(LEARNING_RATE, self, gradients);
        }
        self
    }
}

/// Points on the arms of a spiral, one class per arm.
struct Spirals {
    points: Vec<f32>,
}

impl Spirals {
    fn new() -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        let mut point = |index: usize| {
            let along = (index / CLASSES) as f64 / POINTS as f64;
            let noise = random.random_range(-0.15..0.15);
            let angle = TAU * ((index % CLASSES) as f64 / CLASSES as f64 + 0.6 * along) + noise;
            let radius = 0.08 + 0.9 * along;
            [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
        };
        Self { points: (0..CLASSES * POINTS).flat_map(&mut point).collect() }
    }

    fn tensors(&self, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
        let points = TensorData::new(self.points.clone(), [self.len(), 2]);
        let labels: Vec<i32> = (0..self.len()).map(|point| self.label(point) as i32).collect();
        let labels = TensorData::new(labels, [self.len()]);
        (Tensor::from_data(points, device), Tensor::from_data(labels, device))
    }

    fn marks(&self) -> Vec<MarkedPoint> {
        let points = self.points.chunks_exact(2).enumerate();
        let mark = |(index, point): (usize, &[f32])| MarkedPoint {
            at: [point[0].into(), point[1].into()],
            label: self.label(index),
            index,
        };
        points.map(mark).collect()
    }
}

impl PointSource for Spirals {
    fn len(&self) -> usize {
        self.points.len() / 2
    }

    fn features(&self) -> usize {
        2
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.points[2 * range.start..2 * range.end].to_vec()
    }

    fn label(&self, point: usize) -> usize {
        point % CLASSES
    }

    fn fingerprint(&self) -> String {
        format!("spirals of {} points, seed {SEED}", self.len())
    }
}

fn panel<'a>(what: &str, partition: &'a Partition) -> RegionPanel<'a> {
    let title = format!("{what}: {} regions", partition.regions.len());
    println!("{title}");
    RegionPanel { title, partition }
}

fn main() -> anyhow::Result<()> {
    let arguments = Cli::parse();
    let device = device::find(&arguments.device)?;
    let spirals = Spirals::new();
    device.seed(SEED);
    let autodiff = device.clone().autodiff();
    let model = SpiralNetwork::new(&autodiff).train(&spirals, arguments.steps, &autodiff).valid();
    let network = capture(&model, [2], SpiralNetwork::forward)?;
    let found = network.classify(&spirals.points)?;
    let correct = (0..spirals.len()).filter(|&point| found[point] == spirals.label(point)).count();
    println!("{correct} of {} points are classified correctly", spirals.len());

    let folder = tempfile::tempdir()?;
    let extractor = Extractor::new(&network, Gauge::Tight, Classes::Predicted)?;
    let options = ExtractOptions::default();
    let terms = TermStore::extract(folder.path(), &extractor, &spirals, &options, &|_| {
        ControlFlow::Continue(())
    })?;

    let (plane, window) = (Plane::whole(), Window::rectangle([-1.2, 1.2], [-1.2, 1.2])?);
    let before = Partition::of_network(&network, &plane, &window, LIMIT)?;
    let after = TermPartition::new(&terms, &plane, &window, LIMIT)?;
    let figure = RegionMap {
        window: &window,
        panels: vec![panel("network", &before), panel("extracted function", &after.partition)],
        marks: spirals.marks(),
        class_names: Vec::new(),
    };
    let target = || std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
    let out = arguments.out.unwrap_or_else(target);
    std::fs::create_dir_all(&out)?;
    let picture = figure.draw();
    for name in ["linear_regions_2d.svg", "linear_regions_2d.png"] {
        picture.write(&out.join(name))?;
        println!("{}", out.join(name).display());
    }
    Ok(())
}
