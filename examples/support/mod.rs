//! Shared by the examples: trains a network on a dataset, extracts terms and prints results.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use clap::Parser;
use tropex::device;
use tropex::experiments::{EvaluateSettings, ExtractSettings, pipeline};
use tropex::train::data::{Dataset, OpenOptions, open};
use tropex::train::run::{Run, RunRequest};
use tropex::train::training::{EpochMetrics, TrainingConfig, TrainingObserver};
use tropex::train::zoo::Architecture;

#[derive(Debug, Parser)]
pub(crate) struct ExampleArgs {
    /// Device to compute on, with a name of `tropex list`.
    #[arg(long, default_value_t = device::default_name())]
    device: String,
    /// Number of passes over the training images.
    #[arg(long)]
    epochs: Option<usize>,
    /// Number of training images.
    #[arg(long)]
    limit: Option<usize>,
}

/// Default settings of an example.
pub(crate) struct Defaults {
    pub(crate) epochs: usize,
    pub(crate) limit: usize,
}

impl ExampleArgs {
    pub(crate) fn parse(defaults: Defaults) -> Self {
        let mut arguments = <Self as Parser>::parse();
        arguments.epochs.get_or_insert(defaults.epochs);
        arguments.limit.get_or_insert(defaults.limit);
        arguments
    }
}

/// A network, and the datasets to try in turn.
pub(crate) struct ExampleRun {
    pub(crate) architecture: &'static str,
    pub(crate) learning_rate: f64,
    pub(crate) datasets: &'static [&'static str],
}

impl ExampleRun {
    pub(crate) fn run(&self, arguments: &ExampleArgs) -> anyhow::Result<()> {
        let device = device::find(&arguments.device)?;
        let data = self.first_dataset()?;
        let folder = tempfile::tempdir()?;
        let start = Instant::now();
        let run = self.train(arguments, &data, &device, folder.path())?;
        let training = start.elapsed();

        let start = Instant::now();
        let settings = ExtractSettings::default();
        let terms = pipeline::extract(&run, &data, &device, &settings, &|_| {})?;
        let extraction = start.elapsed();

        let start = Instant::now();
        let settings = EvaluateSettings::default();
        let test =
            pipeline::evaluate(&run, &data, &device, &settings, &|_| ControlFlow::Continue(()))?
                .evaluation;
        let evaluation = start.elapsed();

        let check = terms.manifest().check.as_ref();
        let check = check.ok_or_else(|| anyhow::anyhow!("the extraction is not finished"))?;
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        println!();
        for (what, figure) in [
            ("linear terms extracted", terms.len().to_string()),
            ("value error on the data", format!("{:.1e}", check.value_error)),
            ("smallest coefficient", format!("{:.1e}", check.smallest_coefficient)),
            (
                "own term is maximal",
                check.dominance.as_ref().map_or("-".into(), |found| percent(found.rate())),
            ),
            ("test images", test.points.to_string()),
            ("network accuracy", percent(test.network_accuracy())),
            ("extracted function: accuracy", percent(test.accuracy())),
            ("extracted function: agreement", percent(test.agreement())),
            ("training", seconds(training)),
            ("extraction", seconds(extraction)),
            ("evaluation", seconds(evaluation)),
        ] {
            println!("{what:30} {figure:>12}");
        }
        Ok(())
    }

    /// The first dataset that can be opened. Prints why the datasets before it cannot be opened.
    fn first_dataset(&self) -> anyhow::Result<Dataset> {
        let (last, others) = self.datasets.split_last().expect("an example names a dataset");
        for name in others {
            match open(name, &OpenOptions::default()) {
                Ok(data) => return Ok(data),
                Err(error) => println!("no {name}: {error}"),
            }
        }
        Ok(open(last, &OpenOptions::default())?)
    }

    fn train(
        &self,
        arguments: &ExampleArgs,
        data: &Dataset,
        device: &Device,
        folder: &std::path::Path,
    ) -> anyhow::Result<Run> {
        let architecture = Architecture::find(self.architecture)?;
        let config = TrainingConfig {
            epochs: arguments.epochs.unwrap_or(1),
            limit: arguments.limit,
            learning_rate: self.learning_rate,
            learning_rate_steps: Vec::new(),
            ..TrainingConfig::mnist()
        };
        let images = data.train.subset(config.limit, config.subset).summary().describe("images");
        println!(
            "training {} on {images} of {} on {}",
            self.architecture, data.name, arguments.device
        );
        let request = RunRequest::new(&architecture, data, device, &arguments.device);
        Ok(Run::train(folder, &request, &config, &mut EpochPrinter)?.run())
    }
}

/// Prints one line per epoch.
struct EpochPrinter;

impl TrainingObserver for EpochPrinter {
    fn epoch(&mut self, metrics: &EpochMetrics) -> ControlFlow<()> {
        println!(
            "epoch {}: loss {:.3}, test accuracy {:.1} %, {:.1} s",
            metrics.epoch,
            metrics.train.loss,
            100.0 * metrics.test.accuracy,
            metrics.seconds
        );
        ControlFlow::Continue(())
    }
}
