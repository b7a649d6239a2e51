//! `tropex evaluate`

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use tropex::Gauge;
use tropex::experiments::run::{TermEvaluation, evaluate, evaluate_joined, evaluate_part};
use tropex::experiments::{EvaluateSettings, Split, TaskProgress};
use tropex::train::data::SubsetSummary;

use super::choices;
use super::examples::examples;
use super::image_parts::{ImageParts, report_part};
use super::options::{DataOption, DevicesOption, one_or_more, open_run};
use crate::output::{Output, duration, pairs, percent, small_percent};

/// Compare the extracted function of a run with the network and with the labels.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "evaluate runs/fcn4",
    "evaluate runs/fcn4 --gauge calibrated --split train --limit 1000",
    "evaluate runs/fcn4 --part 1/4",
    "evaluate runs/fcn4 --parts 4",
))]
pub struct EvaluateArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Split of the images to classify.
    #[arg(long, value_parser = choices::split(), default_value = "test")]
    split: Split,
    /// Classify LIMIT images only, with every class in proportion.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// Gauge of the terms.
    #[arg(long, value_parser = choices::gauge(), default_value = "worst-case")]
    gauge: Gauge,
    #[command(flatten)]
    parts: ImageParts,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

#[derive(Serialize)]
struct EvaluateOutput {
    run: String,
    gauge: Gauge,
    points: usize,
    split: Split,
    /// The classified images.
    images: SubsetSummary,
    /// The training images whose terms form the function.
    terms: SubsetSummary,
    agreement: f64,
    accuracy: f64,
    network_accuracy: f64,
    straight: f64,
    /// Share of the values that were computed again in f64 because f32 did not decide.
    reevaluated: f64,
    seconds: f64,
}

impl EvaluateArgs {
    /// The folder for the files of a job, for work on all images.
    pub fn whole_run(&self) -> anyhow::Result<PathBuf> {
        self.parts.whole_run(&self.run)
    }

    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let run = open_run(&self.run)?;
        let devices = self.devices.find()?;
        let data = self.data.open_of(&run, output)?;
        let settings = EvaluateSettings::default()
            .with_gauge(self.gauge)
            .with_split(self.split)
            .with_limit(self.limit.map(NonZeroUsize::get));
        let bar = output.bar();
        let show = |TaskProgress { task, done, total, .. }: TaskProgress<'_>| {
            bar.show_part(done, total, task);
            ControlFlow::Continue(())
        };
        let start = Instant::now();
        if let Some(part) = self.parts.part {
            let ranked = evaluate_part(&run, &data, &devices, &settings, part, &show);
            bar.finish();
            return report_part(part, &ranked?, start.elapsed(), output);
        }
        let evaluation = match self.parts.joined() {
            None => evaluate(&run, &data, &devices, &settings, &show),
            Some(parts) => evaluate_joined(&run, &data, &devices, &settings, parts),
        };
        bar.finish();
        let TermEvaluation { evaluation, images, terms } =
            evaluation.map_err(|error| self.parts.with_command(error))?;
        let evaluated = EvaluateOutput {
            run: run.path().display().to_string(),
            gauge: settings.gauge,
            points: evaluation.points,
            split: settings.split,
            images,
            terms,
            agreement: evaluation.agreement(),
            accuracy: evaluation.accuracy(),
            network_accuracy: evaluation.network_accuracy(),
            straight: evaluation.straight as f64 / evaluation.points as f64,
            reevaluated: evaluation.work.share(),
            seconds: start.elapsed().as_secs_f64(),
        };
        output.result(&evaluated, || {
            pairs(&[
                ("run", evaluated.run.clone()),
                (
                    "terms",
                    format!(
                        "{} gauge, of {}",
                        evaluated.gauge.name(),
                        terms.describe(Split::Train.images())
                    ),
                ),
                ("images", images.describe(settings.split.images())),
                ("network accuracy", percent(evaluated.network_accuracy)),
                ("extracted function", format!("{} accuracy", percent(evaluated.accuracy))),
                ("agreement", percent(evaluated.agreement)),
                ("straight terms", percent(evaluated.straight)),
                (
                    "computed again in f64",
                    format!("{} of the values", small_percent(evaluated.reevaluated)),
                ),
                ("time", duration(start.elapsed())),
            ])
        })
    }
}
