//! Linear terms by this library and by PyTorch, with equal weights at equal points, in turn in one
//! run.
//!
//! ```text
//! TROPEX_BENCH_PYTHON=.../bin/python cargo bench --bench pytorch -- RUN...
//! ```
//!
//! The Python needs `torch` and `safetensors`. A RUN is trained and has one of the architectures
//! `fcn4`, `fcn8`, `vgg` and `vgg-narrow`. PyTorch computes the term of the predicted class by
//! autograd, and the terms of all classes by `vmap(jacrev)`. Each side uses the fastest of the
//! tried batch sizes.
//!
//! `TROPEX_BENCH_DEVICE` names a device. With `cuda:0` or `wgpu`, PyTorch uses its first GPU.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor};
use tropex::experiments::pipeline::{check_data, network};
use tropex::train::data::{OpenOptions, open};
use tropex::train::run::Run;
use tropex::{Classes, Network};

mod support;
use support::peer::{Peer, python};
use support::{arguments, threads, timed, write_points};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of rounds. The fastest one of each side counts, which other load disturbs least.
const ROUNDS: usize = 5;

/// Pause before each side. Afterwards, idle threads of the other side no longer spin.
const REST: Duration = Duration::from_millis(200);

/// Rows and columns of the products that measure the speed of the machine.
const GEMM: usize = 2048;

/// Factor between the numbers of points on a GPU and on a CPU.
const TIMES_ON_GPU: usize = 4;

/// A network, described for the Python script.
#[derive(Clone, Copy)]
struct PytorchBench {
    architecture: &'static str,
    /// The layers in the notation of `pytorch/linear_terms.py`.
    layers: &'static str,
    points: usize,
    batches: [usize; 5],
    /// Number of points for the terms of all classes.
    points_of_all: usize,
    batches_of_all: [usize; 5],
}

const CASES: [PytorchBench; 4] = [
    PytorchBench {
        architecture: "fcn4",
        layers: "FDDDD",
        points: 8192,
        batches: [128, 256, 512, 1024, 2048],
        points_of_all: 2000,
        batches_of_all: [100, 200, 400, 1000, 2000],
    },
    PytorchBench {
        architecture: "fcn8",
        layers: "FDDDDDDDD",
        points: 2048,
        batches: [64, 128, 256, 512, 1024],
        points_of_all: 400,
        batches_of_all: [25, 50, 100, 200, 400],
    },
    PytorchBench {
        architecture: "vgg",
        layers: "CCPCCCPCCCPFDD",
        points: 512,
        batches: [8, 16, 32, 64, 128],
        points_of_all: 64,
        batches_of_all: [4, 8, 16, 32, 64],
    },
    PytorchBench {
        architecture: "vgg-narrow",
        layers: "CCPCCCPCCCPFDD",
        points: 2048,
        batches: [16, 32, 64, 128, 256],
        points_of_all: 256,
        batches_of_all: [8, 16, 32, 64, 128],
    },
];

fn main() {
    let Some(python) = python() else {
        println!("TROPEX_BENCH_PYTHON names no Python: nothing to measure against");
        return;
    };
    let (name, device) = support::device();
    println!("device {name}, {} threads, f32, fastest of {ROUNDS} rounds each", threads());
    for run in arguments() {
        let run = Run::open(Path::new(&run)).expect("the argument is the folder of a run");
        let architecture = &run.config().architecture;
        let case = CASES.iter().find(|case| case.architecture == architecture);
        let case = case.expect("one of the architectures above");
        let case = if is_gpu(&name) { case.on_gpu() } else { *case };
        case.run(&run, &name, &device, &python);
    }
}

/// Whether PyTorch must use a GPU for a fair comparison with the device.
fn is_gpu(device: &str) -> bool {
    device.contains("cuda") || device == "wgpu"
}

impl PytorchBench {
    /// The case with more points and larger batches.
    fn on_gpu(&self) -> Self {
        let parts = |points: usize| [16, 8, 4, 2, 1].map(|parts| points.div_ceil(parts));
        let points = TIMES_ON_GPU * self.points;
        let points_of_all = TIMES_ON_GPU * self.points_of_all;
        Self {
            points,
            batches: parts(points),
            points_of_all,
            batches_of_all: parts(points_of_all),
            ..*self
        }
    }

    fn run(&self, run: &Run, name: &str, device: &Device, python: &Path) {
        let network = network(run, device).expect("the weights fit");
        let points = points(run, self.points);
        let shape = &run.config().input_shape;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("points.safetensors");
        write_points(&file, &points, self.points, shape);
        let weights = run.model_path().display().to_string();
        let other = if is_gpu(name) { "cuda" } else { "cpu" };
        let arguments = [
            self.layers.into(),
            weights,
            file.display().to_string(),
            other.into(),
            threads().to_string(),
        ];
        let (mut peer, greeting) = Peer::start(python, "pytorch/linear_terms.py", &arguments);
        println!("\n{} ({}), peer {greeting}", self.architecture, run.path().display());
        products(&mut peer, device);
        let sides = BothTimes { network: &network, points: &points, peer: &mut peer };
        sides.compare("predicted", self.points, Classes::Predicted, self.batches);
        let some = &points[..self.points_of_all * network.features()];
        write_points(&file, some, self.points_of_all, shape);
        let (mut peer, _) = Peer::start(python, "pytorch/linear_terms.py", &arguments);
        let sides = BothTimes { network: &network, points: some, peer: &mut peer };
        sides.compare("all", self.points_of_all, Classes::All, self.batches_of_all);
    }
}

/// Both sides and their common work.
struct BothTimes<'a> {
    network: &'a Network,
    points: &'a [f32],
    peer: &'a mut Peer,
}

impl BothTimes<'_> {
    fn compare(mut self, what: &str, points: usize, classes: Classes, batches: [usize; 5]) {
        let (mut own, mut other) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for batch in batches {
            own = own.min_by_time((self.own(classes, batch).0, batch));
            other = other.min_by_time((self.other(what, batch).0, batch));
        }
        let (mut sum, mut expected) = (0.0, 0.0);
        for _ in 0..ROUNDS {
            let (seconds, found) = self.own(classes, own.1);
            own.0 = own.0.min(seconds);
            sum = found;
            let (seconds, found) = self.other(what, other.1);
            other.0 = other.0.min(seconds);
            expected = found;
        }
        assert!((sum - expected).abs() <= 1e-3 * expected, "{sum} and {expected} are not the same");
        let rate = |seconds: f64| points as f64 / seconds;
        println!(
            "  {what:9} {points:5} points: {:8.0} a second (batches of {}), PyTorch {:8.0} ({}): x{:.2}",
            rate(own.0),
            own.1,
            rate(other.0),
            other.1,
            other.0 / own.0
        );
    }

    /// The time in seconds, and the sum of the absolute values of all coefficients. The sum is not
    /// timed.
    fn own(&self, classes: Classes, batch: usize) -> (f64, f64) {
        sleep(REST);
        let (mut seconds, mut total) = (0.0, 0.0);
        for points in self.points.chunks(batch * self.network.features()) {
            let (time, terms) =
                timed(|| self.network.linear_terms(points, classes).expect("whole points"));
            seconds += time;
            for class in 0..terms.per_point() {
                let coefficients = terms.coefficients(class);
                let coefficients = coefficients.as_slice::<f32>().expect("in f32");
                total += coefficients.iter().map(|&value| f64::from(value.abs())).sum::<f64>();
            }
        }
        (seconds, total)
    }

    fn other(&mut self, what: &str, batch: usize) -> (f64, f64) {
        sleep(REST);
        let answer = self.peer.ask(&format!("{what} {batch}"));
        (answer[0], answer[1])
    }
}

/// The faster of two.
trait Faster {
    fn min_by_time(self, other: Self) -> Self;
}

impl Faster for (f64, usize) {
    fn min_by_time(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }
}

/// Compares the speed of both sides for products of square matrices.
fn products(peer: &mut Peer, device: &Device) {
    let matrix = || Tensor::<2>::random([GEMM, GEMM], Distribution::Default, device);
    let (left, right) = (matrix(), matrix());
    let (mut own, mut other) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let (seconds, _) = timed(|| left.clone().matmul(right.clone()).into_data());
        own = own.max(2.0 * GEMM.pow(3) as f64 / seconds / 1e9);
        other = other.max(peer.ask(&format!("gemm {GEMM}"))[0]);
    }
    println!("  products of {GEMM} x {GEMM}: {own:.0} GFLOP/s, PyTorch {other:.0}");
}

/// The first training images of the run.
fn points(run: &Run, count: usize) -> Vec<f32> {
    let dataset = open(&run.config().dataset, &OpenOptions::default()).expect("the run's dataset");
    check_data(run, &dataset).expect("as the run used it");
    assert!(dataset.train.len() >= count, "the dataset has at least {count} images");
    dataset.train.read(0..count)
}
