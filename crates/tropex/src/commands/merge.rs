//! `tropex merge`

use std::num::NonZeroUsize;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use tropex::experiments::run::parts;

use super::examples::examples;
use super::extraction::part::with_command;
use super::extraction::progress::ExtractionProgress;
use super::extraction::report::report;
use super::extraction::{ExtractionOptions, ExtractionSizes};
use super::options::{one_or_more, open_run};
use crate::output::{Output, pairs, plural};

/// Join the parts of `tropex extract --part` into the terms that one process extracts, check them,
/// and remove the parts.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "merge runs/fcn4 --gauge tight",
    "merge runs/fcn4 --gauge tight --stage 1 --parts 4",
))]
pub struct MergeArgs {
    #[command(flatten)]
    terms: ExtractionOptions,
    /// Only join what all parts found in this stage of the search for the tight or calibrated
    /// shifts, so that the next stage reads one file instead of one per part.
    #[arg(long, value_name = "STAGE", requires = "parts", value_parser = one_or_more, allow_negative_numbers = true)]
    stage: Option<NonZeroUsize>,
    /// With --stage: the number of parts.
    #[arg(long, value_name = "N", requires = "stage", value_parser = one_or_more, allow_negative_numbers = true)]
    parts: Option<NonZeroUsize>,
}

#[derive(Serialize)]
struct ReduceOutput {
    folder: String,
    stage: usize,
    parts: usize,
    seconds: f64,
}

impl MergeArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.terms.check_flags()?;
        let sizes = ExtractionSizes::default();
        let run = open_run(&self.terms.run)?;
        let devices = self.terms.devices.find()?;
        let data = self.terms.data.open_of(&run, output)?;
        let settings = self.terms.settings(sizes);
        let start = Instant::now();
        let explained = |error| with_command(error, &self.terms, sizes);
        if let Some((stage, parts)) = self.stage.zip(self.parts) {
            let (stage, parts) = (stage.get(), parts.get());
            parts::reduce_stage(&run, &data, &devices, &settings, (stage, parts))
                .map_err(explained)?;
            let folder = settings.folder(&run).display().to_string();
            let reduced =
                ReduceOutput { folder, stage, parts, seconds: start.elapsed().as_secs_f64() };
            return output.result(&reduced, || reduced.text());
        }
        let progress = ExtractionProgress::new(output, settings.folder(&run));
        let store = parts::merge(&run, &data, &devices, &settings, &|now| progress.show(now));
        let worked = progress.finish();
        let store = store.map_err(explained)?;
        if !worked {
            output.note("these terms are already complete; nothing to do")?;
        }
        let images = settings.points(&run, &data).summary();
        report(&store, (settings.split, images), start.elapsed(), output)
    }
}

impl ReduceOutput {
    fn text(&self) -> String {
        pairs(&[
            ("stage", format!("{} of {}, joined", self.stage, plural(self.parts, "part"))),
            ("folder", self.folder.clone()),
        ])
    }
}
