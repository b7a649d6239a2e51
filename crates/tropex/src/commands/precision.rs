//! `tropex precision`

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::experiments::TaskProgress;
use tropex::experiments::query::{PrecisionCheck, PrecisionOutcome, precision};
use tropex::train::data::SubsetSummary;

use super::examples::examples;
use super::options::{DataOption, DeviceOption, one_or_more, open_run};
use crate::output::{Output, percent, table};

/// Measure how exact the terms of runs are, with every gauge and in every precision.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "precision runs/fcn4",
    "precision runs/fcn4 runs/vgg --limit 500",
))]
pub struct PrecisionArgs {
    /// Folders of the runs.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Number of training images, with every class in proportion. The terms of each image are
    /// compared with all others.
    #[arg(long, default_value = "200", value_parser = one_or_more, allow_negative_numbers = true)]
    limit: NonZeroUsize,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct RunPrecision {
    run: String,
    architecture: String,
    /// The training images.
    images: SubsetSummary,
    extractions: Vec<ExtractionPrecision>,
}

/// An extraction and its row in the table.
#[derive(Serialize)]
struct ExtractionPrecision {
    #[serde(flatten)]
    found: PrecisionCheck,
    /// The value error relative to the largest logit.
    relative_value_error: Option<f64>,
    /// Properties of the self-check that do not hold.
    fails: Vec<String>,
}

impl From<PrecisionCheck> for ExtractionPrecision {
    fn from(found: PrecisionCheck) -> Self {
        let (relative_value_error, fails) = match &found.outcome {
            PrecisionOutcome::Refused(reason) => (None, vec![reason.clone()]),
            PrecisionOutcome::Check(check) => {
                (Some(check.relative_value_error()), check.failures(found.precision))
            }
        };
        Self { found, relative_value_error, fails }
    }
}

impl PrecisionArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let device = self.device.find()?;
        let bar = output.bar();
        let mut found = Vec::with_capacity(self.runs.len());
        for (number, path) in self.runs.iter().enumerate() {
            let run = open_run(path)?;
            let data = self.data.open_of(&run, output)?;
            let show = |TaskProgress { done, total, .. }: TaskProgress<'_>| {
                let (done, of) = (number * total + done, self.runs.len() * total);
                bar.show_part(done, of, format!("{done} of {of} extractions"));
                ControlFlow::Continue(())
            };
            let (images, extractions) = precision(&run, &data, &device, self.limit.get(), &show)?;
            let extractions = extractions.into_iter().map(ExtractionPrecision::from).collect();
            let architecture = run.config().architecture.clone();
            let run = path.display().to_string();
            found.push(RunPrecision { run, architecture, images, extractions });
        }
        bar.finish();
        output.result(&found, || text(&found))
    }
}

fn text(found: &[RunPrecision]) -> String {
    let heading =
        ["run", "gauge", "precision", "value error", "coefficients", "own term maximal", "fails"];
    let rows = found.iter().flat_map(|run| {
        let cells = run.extractions.iter().map(cells);
        cells.map(|cells| [run.run.clone()].into_iter().chain(cells).collect())
    });
    let explained = "value error: largest difference of linear term and logit at an image, relative \
                     to the largest logit\nfails: properties of the self-check that do not hold";
    let images: Vec<_> = found
        .iter()
        .map(|run| format!("{}: {}", run.run, run.images.describe("training images")))
        .collect();
    format!("{}\n{}\n{explained}", table(&heading, rows.collect()), images.join("\n"))
}

fn cells(
    ExtractionPrecision { found, relative_value_error, fails }: &ExtractionPrecision,
) -> [String; 6] {
    let none = || "-".to_owned();
    let (coefficients, dominance) = match &found.outcome {
        PrecisionOutcome::Refused(_) => (none(), none()),
        PrecisionOutcome::Check(check) => (
            format!("{:.1e} to {:.1e}", check.smallest_coefficient, check.largest_coefficient),
            check.dominance.as_ref().map_or_else(none, |found| percent(found.rate())),
        ),
    };
    [
        found.gauge.name().to_owned(),
        found.precision.name().to_owned(),
        relative_value_error.map_or_else(none, |error| format!("{error:.1e}")),
        coefficients,
        dominance,
        if fails.is_empty() { none() } else { fails.join("; ") },
    ]
}
