//! `tropex precision`

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use tropex::experiments::precision::{Exactness, Outcome, precision};
use tropex::train::run::Run;

use super::options::{DataOption, DeviceOption};
use crate::output::{Output, percent, table};

/// Show how exact the terms of runs are, with every gauge and in every precision.
#[derive(Debug, Args)]
pub struct PrecisionTable {
    /// Folders of the runs.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Training images to extract terms of; the terms of each are compared with all others.
    #[arg(long, default_value = "200")]
    limit: NonZeroUsize,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct RunExactness {
    run: String,
    architecture: String,
    extractions: Vec<Extraction>,
}

/// An extraction with what the table says of it.
#[derive(Serialize)]
struct Extraction {
    #[serde(flatten)]
    found: Exactness,
    /// The value error relative to the largest logit.
    relative_value_error: Option<f64>,
    /// What must hold and does not.
    fails: Vec<String>,
}

impl From<Exactness> for Extraction {
    fn from(found: Exactness) -> Self {
        let (relative_value_error, fails) = match &found.outcome {
            Outcome::Refused(reason) => (None, vec![reason.clone()]),
            Outcome::Check(check) => {
                (Some(check.relative_value_error()), check.failures(found.precision))
            }
        };
        Self { found, relative_value_error, fails }
    }
}

impl PrecisionTable {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let device = self.device.find()?;
        let bar = output.bar("{prefix} {bar:30} {pos} of {len} extractions");
        let mut found = Vec::with_capacity(self.runs.len());
        for path in &self.runs {
            let run = Run::open(path)?;
            let data = self.data.open_of(&run, output)?;
            bar.set_prefix(path.display().to_string());
            let show = |done: usize, all: usize| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            };
            let extractions = precision(&run, &data, &device, self.limit.get(), &show)?;
            let extractions = extractions.into_iter().map(Extraction::from).collect();
            let architecture = run.config().architecture.clone();
            found.push(RunExactness { run: path.display().to_string(), architecture, extractions });
        }
        bar.finish_and_clear();
        output.result(&found, || text(&found))
    }
}

fn text(found: &[RunExactness]) -> String {
    let heading =
        ["run", "gauge", "precision", "value error", "coefficients", "own term maximal", "fails"];
    let rows = found.iter().flat_map(|run| {
        let cells = run.extractions.iter().map(cells);
        cells.map(|cells| [run.run.clone()].into_iter().chain(cells).collect())
    });
    let explained = "value error: largest difference of linear term and logit at an image, relative \
                     to the largest logit\nfails: what must hold and does not";
    format!("{}\n{explained}", table(&heading, rows.collect()))
}

fn cells(Extraction { found, relative_value_error, fails }: &Extraction) -> [String; 6] {
    let none = || "-".to_owned();
    let (coefficients, dominance) = match &found.outcome {
        Outcome::Refused(_) => (none(), none()),
        Outcome::Check(check) => (
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
