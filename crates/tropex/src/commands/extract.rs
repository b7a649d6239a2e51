//! `tropex extract`

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use tropex::experiments::pipeline;
use tropex::experiments::run::parts;
use tropex::extract::job::PartPlan;

use super::examples::examples;
use super::extraction::part::{PartArgs, require_options_of_parts, run_part};
use super::extraction::progress::ExtractionProgress;
use super::extraction::report::report;
use super::extraction::{BatchOption, ExtractionOptions, ExtractionSizes};
use super::options::{bytes, open_run};
use crate::output::Output;
use crate::remote::folder_for_jobs;

/// Extract the linear terms of a run. The same command resumes an interrupted extraction.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "extract runs/fcn4",
    "extract runs/fcn4 --gauge tight --memory 4GB",
    "extract runs/fcn4 --gauge tight --split test --shifts-of train",
    "extract runs/fcn4 --gauge tight --part 1/4",
))]
pub struct ExtractArgs {
    #[command(flatten)]
    pub terms: ExtractionOptions,
    /// Memory for the rows of all images with the tight or calibrated gauge, such as 4GB; further
    /// rows are kept in a temporary file. Default: half of the free memory.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory: Option<usize>,
    #[command(flatten)]
    batch: BatchOption,
    #[command(flatten)]
    part: PartArgs,
}

impl ExtractArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.terms.check_flags()?;
        if let Some(task) = self.part.task() {
            require_options_of_parts(self.sizes())?;
            return run_part(task, &self.terms, self.sizes(), output);
        }
        let run = open_run(&self.terms.run)?;
        let devices = self.terms.devices.find()?;
        let data = self.terms.data.open_of(&run, output)?;
        let settings = self.terms.settings(self.sizes());
        let progress = ExtractionProgress::new(output, settings.folder(&run));
        let start = Instant::now();
        let store = pipeline::extract(&run, &data, &devices, &settings, &|now| progress.show(now));
        let worked = progress.finish();
        let store = store?;
        if !worked {
            output.note("these terms are already extracted; nothing to do")?;
        }
        let images = settings.points(&run, &data).summary();
        report(&store, (settings.split, images), start.elapsed(), output)
    }

    /// The sizes that do not change the terms.
    pub fn sizes(&self) -> ExtractionSizes {
        ExtractionSizes { memory: self.memory, ..self.batch.sizes() }
    }

    /// The plan of the extraction in parts, and the folder for the files of a job.
    pub fn plan(
        &self,
        parts: NonZeroUsize,
        output: &Output,
    ) -> anyhow::Result<(PartPlan, PathBuf)> {
        self.terms.check_flags()?;
        self.require_whole()?;
        let run = open_run(&self.terms.run)?;
        let devices = self.terms.devices.find()?;
        let data = self.terms.data.open_of(&run, output)?;
        let settings = self.terms.settings(self.sizes());
        let plan = parts::plan(&run, &data, &devices, &settings, parts)?;
        let store = settings.folder(&run);
        let folder = folder_for_jobs(&self.terms.run)
            .join("jobs")
            .join(store.file_name().unwrap_or_default());
        Ok((plan, folder))
    }

    /// Refuses options of one part, and options that parts do not have.
    fn require_whole(&self) -> anyhow::Result<()> {
        if self.part.task().is_some() {
            anyhow::bail!("--part belongs to the tasks, which are made from --parts; leave it out");
        }
        require_options_of_parts(self.sizes())
    }
}
