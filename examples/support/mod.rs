//! Shared by the examples: trains a network on a dataset, extracts terms and prints results.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use clap::Parser;
use tropex::Gauge;
use tropex::device;
use tropex::experiments::report::{count, percent};
use tropex::experiments::run::evaluate;
use tropex::experiments::{EvaluateSettings, ExtractSettings, TaskProgress, pipeline};
use tropex::extract::function::Evaluation;
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
    /// Number of training images whose terms are extracted.
    #[arg(long, default_value_t = 2000)]
    terms: usize,
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

        let terms = arguments.terms.min(arguments.limit.unwrap_or(usize::MAX));
        println!("extracting the terms of {} training images under three gauges", count(terms));
        let gauges = [Gauge::WorstCase, Gauge::Tight, Gauge::Calibrated];
        let results = gauges.map(|gauge| GaugeResult::of(&run, &data, &device, gauge, terms));
        let results = results.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        print_table(&results, training);
        let best = results.iter().max_by(|left, right| {
            left.evaluation.agreement().total_cmp(&right.evaluation.agreement())
        });
        best.iter().for_each(|best| best.explain());
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

/// The extracted function of one gauge on the test images.
struct GaugeResult {
    gauge: Gauge,
    terms: usize,
    evaluation: Evaluation,
    largest_coefficient: f64,
    /// Time of extraction and evaluation.
    time: Duration,
}

impl GaugeResult {
    fn of(
        run: &Run,
        data: &Dataset,
        device: &Device,
        gauge: Gauge,
        terms: usize,
    ) -> anyhow::Result<Self> {
        let start = Instant::now();
        let settings = ExtractSettings::default().with_gauge(gauge).with_limit(Some(terms));
        let store =
            pipeline::extract(run, data, device, &settings, &|_| ControlFlow::Continue(()))?;
        let settings = EvaluateSettings::default().with_gauge(gauge);
        let proceed = |_: TaskProgress<'_>| ControlFlow::Continue(());
        let evaluated = evaluate(run, data, device, &settings, &proceed)?;
        let check = store.manifest().check.as_ref();
        let check = check.ok_or_else(|| anyhow::anyhow!("the extraction is not finished"))?;
        Ok(Self {
            gauge,
            terms: store.len(),
            evaluation: evaluated.evaluation,
            largest_coefficient: check.largest_coefficient,
            time: start.elapsed(),
        })
    }

    /// Says what the numbers of the gauge that agrees best mean.
    fn explain(&self) {
        let Self { gauge, terms, evaluation, .. } = self;
        println!(
            "\nThe network consists of a huge number of affine functions. Those of {} training\nimages \
             alone, under the {} gauge, choose the network's class at {} of\n{} test images: accuracy \
             {} instead of {}. Elsewhere, the network\nuses affine functions of regions that contain \
             none of these images.",
            count(*terms),
            gauge.name(),
            percent(evaluation.agreement()),
            count(evaluation.points),
            percent(evaluation.accuracy()),
            percent(evaluation.network_accuracy()),
        );
    }
}

/// A table of the network and the extracted functions on the test images.
fn print_table(results: &[GaugeResult], training: Duration) {
    let line = |cells: [String; 5]| {
        let [name, accuracy, agreement, largest, time] = cells;
        println!("{name:34} {accuracy:>9} {agreement:>23} {largest:>20} {time:>8}");
    };
    println!();
    line(
        ["", "accuracy", "agreement with network", "largest coefficient", "time"].map(String::from),
    );
    if let Some(first) = results.first() {
        let accuracy = percent(first.evaluation.network_accuracy());
        line(["network".into(), accuracy, "".into(), "".into(), seconds(training)]);
    }
    for result in results {
        line([
            format!("extracted function, {}", result.gauge.name()),
            percent(result.evaluation.accuracy()),
            percent(result.evaluation.agreement()),
            format!("{:.1e}", result.largest_coefficient),
            seconds(result.time),
        ]);
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
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
