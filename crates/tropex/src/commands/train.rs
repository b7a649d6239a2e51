//! `tropex train`

mod curves;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use serde::Serialize;
use tropex::train::checkpoint::Checkpoints;
use tropex::train::data::{Dataset, SubsetSummary};
use tropex::train::run::{ONNX, Run, RunOutcome, RunRequest};
use tropex::train::training::{
    BatchProgress, EpochMetrics, LearningRateStep, OptimizerConfig, TrainingConfig,
    TrainingObserver,
};
use tropex::train::zoo::{Architecture, LayerList};

use super::architecture::{self, layers_help, require_fit, warn_of_repeated_classes};
use super::choices;
use super::examples::examples;
use super::import::is_onnx;
use super::options::{
    DataOption, DeviceOption, LayoutOption, not_negative, number, one_or_more, whole,
};
use crate::interrupt::InterruptNote;
use crate::output::{CommandProgress, Output, percent, plural};
use crate::remote::local_folder;
use curves::Curves;

/// Train a network. The same command resumes an interrupted training.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "train fcn4 --dataset embedded --out runs/fcn4",
    "train --layers C32p1,BN,P,D128 --dataset cifar10 --epochs 20 --out runs/small",
))]
pub struct TrainArgs {
    /// Architecture; `tropex list` names them.
    #[arg(required_unless_present = "layers")]
    architecture: Option<String>,
    #[arg(long, value_name = "LAYER,...", conflicts_with = "architecture",
        help = layers_help!("in place of an architecture"))]
    layers: Option<LayerList>,
    /// Dataset: one that `tropex list` names, or file:PATH.
    #[arg(long)]
    dataset: String,
    /// Folder for the run.
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    /// Shuffle the labels of the training images with this seed, so that they no longer depend on
    /// the images. Test labels stay true.
    #[arg(long, value_name = "SEED", value_parser = whole::<u64>, allow_negative_numbers = true)]
    shuffle_labels: Option<u64>,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    layout: LayoutOption,
    #[command(flatten)]
    recipe: TrainingArgs,
    #[command(flatten)]
    device: DeviceOption,
}

/// Settings that differ from the architecture's default settings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
struct TrainingArgs {
    /// Passes over the training images.
    #[arg(long, value_parser = whole::<usize>, allow_negative_numbers = true)]
    epochs: Option<usize>,
    /// Seed of the starting weights and of the order of the images.
    #[arg(long, value_parser = whole::<u64>, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Train on LIMIT images only, with every class in proportion.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// Epochs whose weights are saved: last, all, or a list such as 0,1,5,20 (0 is the start).
    #[arg(long)]
    checkpoints: Option<Checkpoints>,
    /// Images per step.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    batch_size: Option<NonZeroUsize>,
    /// Optimizer.
    #[arg(long, value_parser = choices::optimizer())]
    optimizer: Option<OptimizerConfig>,
    /// Momentum of sgd.
    #[arg(long, value_parser = share, allow_negative_numbers = true)]
    momentum: Option<f64>,
    /// Learning rate of the first epoch.
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Changes of the learning rate, as EPOCHS:FACTOR,...: 50:0.1,100:0.1 divides it by ten after
    /// 50 and after 100 epochs; `none` for no change.
    #[arg(long, value_name = "STEPS", value_parser = learning_rate_steps)]
    learning_rate_steps: Option<LearningRateSteps>,
    /// Factor of the penalty on squared weights (weight decay).
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    l2: Option<f64>,
    /// Stop after this many epochs without improvement of the test loss.
    #[arg(long, value_name = "EPOCHS", value_parser = one_or_more, allow_negative_numbers = true)]
    early_stop: Option<NonZeroUsize>,
}

#[derive(Clone, Debug)]
struct LearningRateSteps(Vec<LearningRateStep>);

fn positive(text: &str) -> Result<f64, String> {
    number(text, |value| value > 0.0, "a number above 0")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |value| (0.0..1.0).contains(&value), "a number from 0 to below 1")
}

fn learning_rate_steps(text: &str) -> Result<LearningRateSteps, String> {
    if text == "none" {
        return Ok(LearningRateSteps(Vec::new()));
    }
    let step = |step: &str| {
        let (epochs, factor) = step.split_once(':')?;
        let (after_epoch, factor) = (epochs.parse().ok()?, positive(factor).ok()?);
        Some(LearningRateStep { after_epoch, factor })
    };
    let steps: Option<Vec<_>> = text.split(',').map(step).collect();
    steps
        .map(LearningRateSteps)
        .ok_or_else(|| "expected EPOCHS:FACTOR,... such as 50:0.1,100:0.1".into())
}

impl TrainingArgs {
    fn apply(&self, mut config: TrainingConfig) -> anyhow::Result<TrainingConfig> {
        fn set<T: Clone>(field: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                *field = value.clone();
            }
        }
        set(&mut config.epochs, &self.epochs);
        set(&mut config.seed, &self.seed);
        set(&mut config.checkpoints, &self.checkpoints);
        set(&mut config.batch_size, &self.batch_size.map(NonZeroUsize::get));
        set(&mut config.learning_rate, &self.learning_rate);
        set(
            &mut config.learning_rate_steps,
            &self.learning_rate_steps.clone().map(|steps| steps.0),
        );
        set(&mut config.l2, &self.l2);
        config.limit = self.limit.map(NonZeroUsize::get).or(config.limit);
        config.early_stop = self.early_stop.map(NonZeroUsize::get).or(config.early_stop);
        set(&mut config.optimizer, &self.optimizer);
        match (&mut config.optimizer, self.momentum) {
            (OptimizerConfig::Sgd { momentum }, Some(value)) => *momentum = value,
            (OptimizerConfig::Adam { .. }, Some(_)) => {
                anyhow::bail!("--momentum needs --optimizer sgd")
            }
            (_, None) => {}
        }
        config.check()?;
        Ok(config)
    }
}

#[derive(Serialize)]
struct TrainOutput<'a> {
    run: String,
    architecture: &'a str,
    dataset: &'a str,
    parameters: usize,
    /// Training images.
    images: SubsetSummary,
    /// Rule of the held-out test images, if the dataset has no test split.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<String>,
    epochs: &'a [EpochMetrics],
    warnings: &'a [String],
}

impl TrainArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let architecture = self.architecture()?;
        let (device, device_name) = (self.device.find()?, self.device.name());
        let config = self.recipe.apply(architecture.recipe())?;
        let optimizer = (config.epochs > 0).then_some(&config.optimizer);
        require_fit(&architecture, &self.dataset, &device, optimizer)?;
        let folder = local_folder(&self.out)?;
        let (out, epochs) = (folder.clone(), config.epochs);
        let _kept = InterruptNote::set(move || kept(&out, epochs));
        let mut data = self.data.open(&self.dataset, self.layout.layout, output)?;
        if let Some(seed) = self.shuffle_labels {
            data = data.with_shuffled_labels(seed);
        }
        warn_of_repeated_classes(&architecture, data.train.classes(), output);
        let request = RunRequest::new(&architecture, &data, &device, &device_name)
            .with_shuffled_labels(self.shuffle_labels);
        let images = data.train.subset(config.limit, config.subset).summary();
        let mut heading = format!(
            "{architecture} on {} of {}, {} on {device_name}",
            images.describe("images"),
            data.name,
            plural(config.epochs, "epoch")
        );
        if let Some(held_out) = data.held_out() {
            heading += &format!("\nheld out for testing: {held_out}");
        }
        let curves = Run::open(&folder).map(|run| Curves::of(&run.config().metrics));
        let mut observer = ProgressObserver {
            output,
            bar: output.bar(),
            heading: Some(heading),
            curves: curves.unwrap_or_default(),
        };
        let outcome = Run::train(&folder, &request, &config, &mut observer);
        observer.bar.finish();
        let outcome = outcome?;
        if matches!(outcome, RunOutcome::AlreadyFinished(_)) {
            output.note("this run is already finished; nothing to do")?;
        }
        report(&outcome.run(), &data, output)
    }

    fn architecture(&self) -> anyhow::Result<Architecture> {
        let name = self.architecture.as_deref();
        if name.is_some_and(|name| name == ONNX || is_onnx(name)) {
            bail!("an ONNX model is imported, not trained: tropex import MODEL.onnx --dataset ...");
        }
        architecture::find(name, self.layers.as_ref()).map_err(|unknown| {
            match Architecture::find(&self.dataset) {
                Ok(_) => anyhow::anyhow!(
                    "{} is an architecture, not a dataset; did you mean `tropex train {} --dataset {}`?",
                    self.dataset,
                    self.dataset,
                    name.unwrap_or("DATASET")
                ),
                Err(_) => unknown,
            }
        })
    }
}

/// Describes the saved state of a training.
fn kept(run: &Path, epochs: usize) -> Option<String> {
    let done = Some(Run::open(run).ok()?.config().metrics.len()).filter(|&done| done > 0)?;
    let verb = if done == 1 { "is" } else { "are" };
    Some(format!("{done} of {} {verb} kept in {}", plural(epochs, "epoch"), run.display()))
}

fn report(run: &Run, data: &Dataset, output: &Output) -> anyhow::Result<()> {
    let config = run.config();
    let trained = TrainOutput {
        run: run.path().display().to_string(),
        architecture: &config.architecture,
        dataset: &config.dataset,
        parameters: config.parameters,
        images: config.trained_on(&data.train).summary(),
        held_out: data.held_out(),
        epochs: &config.metrics,
        warnings: &data.warnings,
    };
    output.result(&trained, || match config.metrics.last() {
        Some(last) => format!(
            "test accuracy {} after {}, weights in {}",
            percent(last.test.accuracy),
            plural(last.epoch, "epoch"),
            run.model_path().display()
        ),
        None => format!("starting weights in {}", run.model_path().display()),
    })
}

/// A line after every epoch; on a terminal, curves and a progress bar below.
struct ProgressObserver<'a> {
    output: &'a Output,
    bar: CommandProgress,
    /// Printed with the first batch, when it is clear that training works.
    heading: Option<String>,
    curves: Curves,
}

impl TrainingObserver for ProgressObserver<'_> {
    fn batch(&mut self, progress: &BatchProgress) -> ControlFlow<()> {
        let &BatchProgress { epoch, epochs, batch, batches, running, .. } = progress;
        if let Some(heading) = self.heading.take() {
            let _ = self.output.note(&heading);
            if epoch > 1 {
                let _ = self.output.note(&format!("continuing after epoch {}", epoch - 1));
            }
        }
        let what = format!(
            "epoch {epoch} of {epochs}, loss {:.4}, accuracy {}",
            running.loss,
            percent(running.accuracy)
        );
        self.curves.run(running);
        self.bar.show_above(|columns| self.curves.lines(columns));
        self.bar.show_part((epoch - 1) * batches + batch, epochs * batches, what);
        ControlFlow::Continue(())
    }

    fn epoch(&mut self, metrics: &EpochMetrics) -> ControlFlow<()> {
        self.curves.add(metrics);
        let line = epoch_line(metrics);
        self.bar.suspend(|| {
            // A closed standard output does not end the training.
            let _ = self.output.note(&line);
        });
        ControlFlow::Continue(())
    }
}

/// One line about a finished epoch.
pub fn epoch_line(metrics: &EpochMetrics) -> String {
    let EpochMetrics { epoch, train, test, seconds, .. } = metrics;
    format!(
        "epoch {epoch:3}  loss {:.4}  accuracy {:>7}  test loss {:.4}  test accuracy {:>7}  \
         {seconds:.1} s",
        train.loss,
        percent(train.accuracy),
        test.loss,
        percent(test.accuracy)
    )
}
