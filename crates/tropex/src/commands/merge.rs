//! `tropex merge`

use std::time::Instant;

use clap::Args;
use tropex::experiments::run::parts;
use tropex::train::run::Run;

use super::examples;
use super::extraction::part::with_command;
use super::extraction::progress::ExtractionProgress;
use super::extraction::report::report;
use super::extraction::{ExtractionOptions, ExtractionSizes};
use crate::output::Output;

/// Join the parts of `tropex extract --part` into the terms that one process extracts, check them,
/// and remove the parts.
#[derive(Debug, Args)]
#[command(after_help = examples!("merge runs/fcn4", "merge runs/fcn4 --gauge tight"))]
pub struct MergeArgs {
    #[command(flatten)]
    terms: ExtractionOptions,
}

impl MergeArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.terms.check_flags()?;
        let run = Run::open(&self.terms.run)?;
        let devices = self.terms.devices.find()?;
        let data = self.terms.data.open_of(&run, output)?;
        let settings = self.terms.settings(ExtractionSizes::default());
        let progress = ExtractionProgress::new(output, settings.folder(&run));
        let start = Instant::now();
        let store = parts::merge(&run, &data, &devices, &settings, &|now| progress.show(now));
        let worked = progress.finish();
        let store = store.map_err(|error| with_command(error, &self.terms))?;
        if !worked {
            output.note("these terms are already complete; nothing to do")?;
        }
        let images = settings.points(&run, &data).summary();
        report(&store, (settings.split, images), start.elapsed(), output)
    }
}
