use std::ops::ControlFlow;

use super::*;
use crate::checkpoint::Checkpoints;
use crate::data::Images;
use crate::run::BURN_VERSION;
use crate::testing::{device, separable_images};
use crate::training::{EpochMetrics, LearningRateStep, OptimizerConfig};
use crate::zoo::TINY;

const SHAPE: [usize; 3] = [1, 4, 4];

/// Stops a training after an epoch.
struct StopAfter(usize);

impl TrainingObserver for StopAfter {
    fn epoch(&mut self, metrics: &EpochMetrics) -> ControlFlow<()> {
        if metrics.epoch >= self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The data and the folder of a test.
struct Bench {
    folder: tempfile::TempDir,
    train: Images,
    test: Images,
    device: Device,
}

impl Bench {
    fn new() -> Self {
        let images = |count| separable_images(SHAPE, 3, count);
        let folder = tempfile::tempdir().unwrap();
        Self { folder, train: images(30), test: images(9), device: device() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request(&self) -> RunRequest<'_> {
        RunRequest {
            architecture: &TINY,
            dataset: "toy",
            train: &self.train,
            shuffled_labels: None,
            test: &self.test,
            reading: None,
            warnings: &[],
            device: &self.device,
            device_name: "test",
        }
    }

    fn train(
        &self,
        name: &str,
        config: &TrainingConfig,
        observer: &mut dyn TrainingObserver,
    ) -> Result<RunOutcome, RunError> {
        Run::train(&self.path(name), &self.request(), config, observer)
    }

    fn refused(&self, name: &str, config: &TrainingConfig) -> String {
        let line = self.train(name, config, &mut ()).unwrap_err().to_string();
        assert!(!line.contains('\n'), "{line}");
        line
    }
}

fn config() -> TrainingConfig {
    TrainingConfig {
        epochs: 3,
        batch_size: 10,
        optimizer: OptimizerConfig::Sgd { momentum: 0.9 },
        checkpoints: Checkpoints::List(vec![0, 2]),
        ..TrainingConfig::mnist()
    }
}

#[test]
fn an_interrupted_run_ends_with_the_same_files_as_a_whole_one() {
    let bench = Bench::new();
    bench.train("whole", &config(), &mut ()).unwrap();
    for epoch in 1..3 {
        let outcome = bench.train("parts", &config(), &mut StopAfter(epoch)).unwrap();
        assert!(matches!(outcome, RunOutcome::Interrupted(_)));
        let error = outcome.run().load_model(&bench.device).unwrap_err().to_string();
        assert!(error.contains("not finished"), "{error}");
    }
    let outcome = bench.train("parts", &config(), &mut ()).unwrap();
    assert!(matches!(outcome, RunOutcome::Finished(_)));
    for file in ["model.safetensors", "checkpoints/epoch-0002.safetensors"] {
        let read = |run| fs::read(bench.path(run).join(file)).unwrap();
        assert!(read("whole") == read("parts"), "{file} differs");
    }
    assert_eq!(outcome.run().config().metrics.len(), 3);
}

#[test]
fn a_finished_run_is_reported_and_not_computed_again() {
    let bench = Bench::new();
    bench.train("run", &config(), &mut ()).unwrap();
    let model = bench.path("run").join(MODEL);
    fs::write(&model, "not read, and not written").unwrap();
    let request = RunRequest { device_name: "another", ..bench.request() };
    let outcome = Run::train(&bench.path("run"), &request, &config(), &mut ()).unwrap();
    assert!(matches!(outcome, RunOutcome::AlreadyFinished(_)));
    assert_eq!(fs::read(&model).unwrap(), b"not read, and not written");
}

#[test]
fn a_finished_run_continued_equals_an_uninterrupted_run() {
    for optimizer in [OptimizerConfig::Sgd { momentum: 0.9 }, OptimizerConfig::ADAM] {
        let bench = Bench::new();
        let of = |epochs| TrainingConfig {
            epochs,
            optimizer,
            checkpoints: Checkpoints::All,
            learning_rate_steps: vec![LearningRateStep { after_epoch: 4, factor: 0.5 }],
            ..config()
        };
        bench.train("whole", &of(5), &mut ()).unwrap();
        for epochs in [0, 3, 5] {
            let outcome = bench.train("parts", &of(epochs), &mut ()).unwrap();
            assert!(matches!(outcome, RunOutcome::Finished(_)), "{epochs}");
        }
        let read = |run: &str, file: &str| fs::read(bench.path(run).join(file)).unwrap();
        for file in
            [MODEL, "checkpoints/epoch-0000.safetensors", "checkpoints/epoch-0004.safetensors"]
        {
            assert!(read("whole", file) == read("parts", file), "{file} differs");
        }
        let [whole, parts] = ["whole", "parts"].map(|run| Run::open(&bench.path(run)).unwrap());
        assert_eq!(parts.config().state, RunState::Trained);
        assert_eq!(parts.config().training, whole.config().training);
        assert_eq!(parts.config().metrics.len(), 5);
        assert_eq!(parts.checkpoints().unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_continued_and_interrupted_run_can_end_with_its_finished_epochs() {
    let bench = Bench::new();
    let of = |epochs| TrainingConfig { epochs, ..config() };
    bench.train("whole", &of(4), &mut ()).unwrap();
    bench.train("parts", &of(3), &mut ()).unwrap();
    let outcome = bench.train("parts", &of(9), &mut StopAfter(4)).unwrap();
    assert!(matches!(outcome, RunOutcome::Interrupted(_)));
    assert!(bench.refused("parts", &of(3)).contains("holds 4 epochs"));
    bench.train("parts", &of(4), &mut ()).unwrap();
    let read = |run: &str| fs::read(bench.path(run).join(MODEL)).unwrap();
    assert!(read("whole") == read("parts"));
}

#[test]
fn a_run_that_cannot_continue_is_an_error_and_unchanged() {
    let bench = Bench::new();
    bench.train("run", &config(), &mut ()).unwrap();
    let further = TrainingConfig { epochs: 5, ..config() };
    let request = RunRequest { device_name: "another", ..bench.request() };
    let error = Run::train(&bench.path("run"), &request, &further, &mut ()).unwrap_err();
    assert!(error.to_string().contains("device \"test\", not \"another\""), "{error}");
    fs::remove_file(bench.path("run").join(RESUME)).unwrap();
    let line = bench.refused("run", &further);
    assert!(line.contains("ended after 3 epochs") && line.contains("in another folder"), "{line}");
    assert!(Run::open(&bench.path("run")).unwrap().load_model(&bench.device).is_ok());
    // A failing first epoch does not remove the starting weights of a run.
    let of = |epochs, learning_rate| TrainingConfig {
        epochs,
        learning_rate,
        checkpoints: Checkpoints::Last,
        ..config()
    };
    bench.train("start", &of(0, 1e30), &mut ()).unwrap();
    assert!(bench.refused("start", &of(1, 1e30)).contains("the loss became"));
    assert!(bench.path("start").join(MODEL).exists());
}

#[test]
fn requested_checkpoints_are_kept() {
    let bench = Bench::new();
    let run = bench.train("run", &config(), &mut ()).unwrap().run();
    assert_eq!(run.checkpoints().unwrap(), [0, 2]);
    let start = run.load_checkpoint(0, &bench.device).unwrap();
    let drawn = bench.request().architecture.init(SHAPE, 3, &bench.device, 0).unwrap();
    assert_eq!(Weights::of(&start), Weights::of(&drawn));
    let error = run.load_checkpoint(1, &bench.device).unwrap_err().to_string();
    assert!(error.contains("epoch 1") && error.contains("0, 2"), "{error}");
    let all = TrainingConfig { checkpoints: Checkpoints::All, ..config() };
    let run = bench.train("all", &all, &mut ()).unwrap().run();
    assert_eq!(run.checkpoints().unwrap(), [0, 1, 2, 3]);
    let (last, model) = (run.load_checkpoint(3, &bench.device), run.load_model(&bench.device));
    assert_eq!(Weights::of(&last.unwrap()), Weights::of(&model.unwrap()));
}

#[test]
fn another_training_in_the_same_folder_is_refused() {
    let bench = Bench::new();
    bench.train("run", &config(), &mut ()).unwrap();
    let line = bench.refused("run", &TrainingConfig { epochs: 2, ..config() });
    assert!(line.contains("holds 3 epochs, more than the 2 asked for"), "{line}");
    let line =
        bench.refused("run", &TrainingConfig { optimizer: OptimizerConfig::ADAM, ..config() });
    assert!(line.contains("training.optimizer"), "{line}");
    let request = RunRequest { train: &bench.test, ..bench.request() };
    let error = Run::train(&bench.path("run"), &request, &config(), &mut ()).unwrap_err();
    assert!(error.to_string().contains("data.train"), "{error}");
}

#[test]
fn an_unfinished_run_keeps_its_device() {
    let bench = Bench::new();
    bench.train("run", &config(), &mut StopAfter(1)).unwrap();
    let request = RunRequest { device_name: "another", ..bench.request() };
    let error = Run::train(&bench.path("run"), &request, &config(), &mut ()).unwrap_err();
    assert!(error.to_string().contains("device \"test\", not \"another\""), "{error}");
}

#[test]
fn a_run_records_its_origin() {
    let bench = Bench::new();
    bench
        .train(
            "run",
            &TrainingConfig { epochs: 0, checkpoints: Checkpoints::Last, ..config() },
            &mut (),
        )
        .unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    let config = run.config();
    assert_eq!((config.architecture.as_str(), config.dataset.as_str()), ("tiny", "toy"));
    assert_eq!((config.input_shape, config.classes), (SHAPE, 3));
    assert_eq!(config.data.train, bench.train.fingerprint());
    assert_eq!(config.state, RunState::Trained);
    assert!(run.load_model(&bench.device).is_ok());
}

#[test]
fn the_recorded_version_of_burn_is_that_of_the_lock_file() {
    let lock = include_str!("../../../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"burn\"\nversion = \"{BURN_VERSION}\"\n")));
}

#[test]
fn imported_weights_make_a_run() {
    let bench = Bench::new();
    let weights = bench.train("run", &config(), &mut ()).unwrap().run().model_path();
    let run = Run::import(&bench.path("imported"), &bench.request(), &weights, &Default::default());
    let (run, _) = run.unwrap();
    assert_eq!(run.config().state, RunState::Imported);
    let reopened = Run::open(run.path()).unwrap().load_model(&bench.device).unwrap();
    assert_eq!(Weights::of(&reopened), Weights::read(&weights).unwrap());
}

#[test]
fn damaged_descriptions_are_refused() {
    let bench = Bench::new();
    bench.train("run", &config(), &mut StopAfter(1)).unwrap();
    let path = bench.path("run").join(CONFIG);
    let whole = fs::read_to_string(&path).unwrap();
    for text in ["", "{}", "[1]", &whole[..whole.len() / 2]] {
        fs::write(&path, text).unwrap();
        let line = bench.refused("run", &config());
        assert!(line.contains("config.json is damaged"), "{line}");
    }
    fs::write(&path, whole.replace("\"format_version\": 1", "\"format_version\": 2")).unwrap();
    assert!(bench.refused("run", &config()).contains("format version 2, expected 1"));
    fs::write(&path, whole.replace("\"tiny\"", "\"tinny\"")).unwrap();
    assert!(bench.refused("run", &config()).contains("architecture \"tinny\""));
    fs::write(&path, &whole).unwrap();
    fs::write(bench.path("run").join(RESUME), &whole).unwrap();
    assert!(bench.refused("run", &config()).contains("resume.safetensors"));
}

#[test]
fn a_network_beyond_the_memory_leaves_no_folder() {
    let bench = Bench::new();
    // A network with 128 units before two billion classes takes 4 TB.
    let images = Images::from_bytes([1, 1, 2], 2_000_000_000, vec![0; 4], vec![0, 1]).unwrap();
    let architecture = crate::zoo::Architecture::find("fcn8").unwrap();
    let request = RunRequest {
        architecture: &architecture,
        train: &images,
        test: &images,
        ..bench.request()
    };
    let error = Run::train(&bench.path("run"), &request, &config(), &mut ()).unwrap_err();
    let line = error.to_string();
    assert!(line.starts_with("fcn8 on images of 1x1x2 has 2"), "{line}");
    assert!(line.contains("of memory are free: take smaller images"), "{line}");
    assert!(!bench.path("run").exists());
}

#[test]
fn places_that_cannot_hold_a_run_are_refused() {
    let bench = Bench::new();
    let error = Run::open(&bench.path("none")).unwrap_err().to_string();
    assert!(error.contains("none: there is no such folder"), "{error}");
    fs::write(bench.path("file"), "text").unwrap();
    assert!(bench.refused("file", &config()).contains("file"));
    fs::create_dir(bench.path("full")).unwrap();
    fs::write(bench.path("full").join("thesis.tex"), "text").unwrap();
    assert!(bench.refused("full", &config()).contains("has thesis.tex"));
}
