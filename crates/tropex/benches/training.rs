//! Training by this library and by PyTorch: equal networks, starting weights, images, batches,
//! optimizers and threads, in turn in one run.
//!
//! ```text
//! TROPEX_BENCH_PYTHON=.../bin/python cargo bench --bench training [-- ARCHITECTURE...]
//! ```
//!
//! The Python needs `torch` and `safetensors`. Images are random bytes from a fixed seed, in the
//! shape that the architecture was designed for. First, both sides train on one batch, and their
//! losses must agree. Then each side passes over all images several times; its fastest pass counts.
//! Without a Python, only this library is measured.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use safetensors::tensor::{Dtype, TensorView};
use tropex::train::data::Images;
use tropex::train::training::{OptimizerConfig, Trainer, TrainingConfig};
use tropex::train::weights::Weights;
use tropex::train::zoo::{Architecture, Classifier};

mod support;
use support::peer::{Peer, python};
use support::{arguments, threads, timed};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 64;
const CLASSES: usize = 10;
const SEED: u64 = 0;

/// Passes of each side that are measured.
const ROUNDS: usize = 5;

/// Steps on one batch after which both losses must agree.
const CHECKED_STEPS: usize = 4;

/// Pause before each side. Afterwards, idle threads of the other side no longer spin.
const REST: Duration = Duration::from_millis(200);

/// An architecture, described for the Python script, and the number of its images.
struct TrainingBench {
    architecture: &'static str,
    /// The layers in the notation of `pytorch/training.py`.
    layers: &'static str,
    images: usize,
}

const CASES: [TrainingBench; 5] = [
    TrainingBench { architecture: "fcn4", layers: "FDDDD", images: 8192 },
    TrainingBench { architecture: "mnist-cnn", layers: "CPCCPFDD", images: 1024 },
    TrainingBench { architecture: "vgg-narrow", layers: "CCPCCCPCCCPFDD", images: 1024 },
    TrainingBench { architecture: "vgg", layers: "CCPCCCPCCCPFDD", images: 256 },
    TrainingBench { architecture: "vgg-batch-norm", layers: "CNCNPCNCNCNPCNCNCNPFDD", images: 256 },
];

fn main() {
    let (name, device) = support::device();
    println!(
        "device {name}, {} threads, f32, batches of {BATCH}, seed {SEED}, fastest of {ROUNDS}",
        threads()
    );
    let wanted = arguments();
    for case in &CASES {
        if wanted.is_empty() || wanted.iter().any(|name| name == case.architecture) {
            case.run(&device);
        }
    }
}

impl TrainingBench {
    fn run(&self, device: &Device) {
        let architecture = Architecture::find(self.architecture).expect("is in the zoo");
        let Architecture::Zoo(entry) = architecture else { unreachable!("it has a name") };
        let images = random_images(entry.images, self.images);
        let start =
            architecture.init(entry.images, CLASSES, device, SEED).expect("its own shape fits");
        let config = TrainingConfig { epochs: ROUNDS + 1, ..architecture.recipe() };
        let mut peer = python().map(|python| self.peer(&python, &start, &images, &config));
        if let Some(peer) = &mut peer {
            check(peer, &start, &images, &config);
        }
        let (own, other) = race(peer.as_mut(), start, &images, &config);
        let rate = |seconds: f64| self.images as f64 / seconds;
        print!("{:15} {:8.0} images a second", self.architecture, rate(own));
        match other {
            Some(other) => println!(", PyTorch {:8.0}: x{:.2}", rate(other), other / own),
            None => println!(),
        }
    }

    /// Starts the script with the weights and images of this side.
    fn peer(
        &self,
        python: &Path,
        start: &Classifier,
        images: &Images,
        config: &TrainingConfig,
    ) -> Peer {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let (weights, data) = (path("weights.safetensors"), path("images.safetensors"));
        Weights::of(start).write(&weights).expect("the disk has room");
        write_images(&data, images);
        let arguments = [
            self.layers.into(),
            weights.display().to_string(),
            data.display().to_string(),
            config.optimizer.to_string(),
            config.learning_rate.to_string(),
            config.l2.to_string(),
            threads().to_string(),
        ];
        assert!(matches!(config.optimizer, OptimizerConfig::ADAM | OptimizerConfig::SGD));
        Peer::start(python, "pytorch/training.py", &arguments).0
    }
}

/// Asserts that both sides have equal losses in the first steps, up to rounding.
fn check(peer: &mut Peer, start: &Classifier, images: &Images, config: &TrainingConfig) {
    let batch = images.select(0..BATCH);
    let config = TrainingConfig { epochs: CHECKED_STEPS, ..config.clone() };
    let trainer = Trainer::new(start.clone(), &batch, &batch, &config).expect("they fit");
    let trainer = trainer.run(&mut ()).expect("it converges").expect("nobody cancels");
    let expected = peer.ask(&format!("check {CHECKED_STEPS} {BATCH}"));
    for (metrics, expected) in trainer.metrics().iter().zip(expected) {
        let loss = metrics.train.loss;
        assert!((loss - expected).abs() < 1e-3 * expected, "{loss} and {expected}");
    }
}

/// Seconds of the fastest pass of each side.
fn race(
    mut peer: Option<&mut Peer>,
    start: Classifier,
    images: &Images,
    config: &TrainingConfig,
) -> (f64, Option<f64>) {
    let test = images.select(0..1);
    let mut trainer = Trainer::new(start, images, &test, config).expect("they fit");
    let (mut own, mut other) = (f64::INFINITY, None::<f64>);
    for _ in 0..ROUNDS {
        sleep(REST);
        let (seconds, next) = timed(|| trainer.epoch(&mut ()).expect("it converges"));
        trainer = next.expect("nobody cancels");
        own = own.min(seconds);
        sleep(REST);
        let seconds = peer.as_mut().map(|peer| peer.ask(&format!("epoch {BATCH}"))[0]);
        other = seconds.map(|seconds| other.map_or(seconds, |least| least.min(seconds)));
    }
    (own, other)
}

fn random_images(shape: [usize; 3], count: usize) -> Images {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let features: usize = shape.iter().product();
    let mut pixels = vec![0; count * features];
    random.fill_bytes(&mut pixels);
    let labels = (0..count).map(|_| random.next_u32() % CLASSES as u32).collect();
    Images::from_bytes(shape, CLASSES, pixels, labels).expect("labels are in range")
}

/// Writes images and labels for the script.
fn write_images(file: &Path, images: &Images) {
    let pixels = images.read(0..images.len());
    let pixels: Vec<u8> = pixels.iter().flat_map(|value| value.to_le_bytes()).collect();
    let labels: Vec<u8> = images.labels().iter().flat_map(|&l| (l as i32).to_le_bytes()).collect();
    let [channels, height, width] = images.shape();
    let shape = vec![images.len(), channels, height, width];
    let views = [
        ("images", TensorView::new(Dtype::F32, shape, &pixels)),
        ("labels", TensorView::new(Dtype::I32, vec![images.len()], &labels)),
    ];
    let views = views.map(|(name, view)| (name, view.expect("bytes of the shape")));
    safetensors::serialize_to_file(views, None, file).expect("the disk has room");
}
