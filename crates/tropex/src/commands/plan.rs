//! `tropex plan`

use std::num::NonZeroUsize;

use clap::Args;
use serde::Serialize;
use tropex::Gauge;
use tropex::experiments::run::parts::{self, PartsForecast};

use super::cluster::command_plan::{CommandPlan, TaskOutput};
use super::examples::examples;
use super::extraction::{BatchOption, ExtractionOptions};
use super::options::{one_or_more, open_run};
use crate::output::{Output, count, megabytes, pairs, plural, predicted};

/// Show what an extraction in parts takes: points, operations, bytes, memory and time. With --json,
/// also list the tasks with their commands, dependencies and files.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "plan runs/fcn4 --parts 100",
    "plan runs/fcn4 --gauge tight --parts 100 --json > plan.json",
))]
pub struct PlanArgs {
    #[command(flatten)]
    terms: ExtractionOptions,
    #[command(flatten)]
    batch: BatchOption,
    /// Number of parts.
    #[arg(long, value_name = "N", value_parser = one_or_more, allow_negative_numbers = true)]
    parts: NonZeroUsize,
}

#[derive(Serialize)]
struct PlanOutput {
    run: String,
    gauge: Gauge,
    parts: usize,
    points: usize,
    /// Smallest and largest number of points of a part.
    points_per_part: [usize; 2],
    batch: usize,
    batches: usize,
    shards: usize,
    /// Stages that find the shifts; 0 if they are known before.
    stages: usize,
    /// Floating-point operations of all points, two per multiplication, with zeros counted.
    operations: f64,
    /// Bytes of the terms of all points.
    bytes: u64,
    /// Bytes of the rows of all points between two stages, at most.
    row_bytes: u64,
    /// Bytes of memory of a part without the images, approximately.
    memory_per_part: u64,
    /// Points whose extraction was timed on this machine.
    timed_points: usize,
    /// Seconds of their extraction.
    timed_seconds: f64,
    /// Seconds of the largest part on this machine, at the measured speed.
    seconds_per_part: f64,
    /// Seconds of all points on this machine, at the measured speed.
    seconds: f64,
    tasks: Vec<TaskOutput>,
}

impl PlanArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.terms.check_flags()?;
        let sizes = self.batch.sizes();
        let run = open_run(&self.terms.run)?;
        let devices = self.terms.devices.find()?;
        let data = self.terms.data.open_of(&run, output)?;
        let bar = output.bar();
        bar.show(0.0, "timing a few batches");
        let settings = self.terms.settings(sizes);
        let forecast = parts::forecast(&run, &data, &devices, &settings, self.parts)?;
        bar.finish();
        let commands = CommandPlan::of_extraction(
            forecast.plan.clone(),
            &self.terms,
            sizes,
            "tropex".to_owned(),
        );
        let plan = PlanOutput::new(&self.terms, &forecast, &commands);
        output.result(&plan, || plan.text())
    }
}

impl PlanOutput {
    fn new(terms: &ExtractionOptions, forecast: &PartsForecast, commands: &CommandPlan) -> Self {
        let sizes = &forecast.sizes;
        let per_point = forecast.time.as_secs_f64() / forecast.timed_points.max(1) as f64;
        let most = *sizes.points_per_part.end();
        Self {
            run: terms.run.display().to_string(),
            gauge: terms.gauge,
            parts: forecast.plan.parts,
            points: sizes.points,
            points_per_part: [*sizes.points_per_part.start(), most],
            batch: sizes.batch,
            batches: sizes.batches,
            shards: sizes.shards,
            stages: sizes.stages,
            operations: sizes.operations,
            bytes: sizes.bytes,
            row_bytes: sizes.row_bytes,
            memory_per_part: sizes.memory,
            timed_points: forecast.timed_points,
            timed_seconds: forecast.time.as_secs_f64(),
            seconds_per_part: per_point * most as f64,
            seconds: per_point * sizes.points as f64,
            tasks: commands.to_output(),
        }
    }

    fn text(&self) -> String {
        let [least, most] = self.points_per_part;
        let per_part = match least == most {
            true => plural(most, "point"),
            false => format!("{} to {}", count(least), plural(most, "point")),
        };
        let largest = most as f64 / self.points as f64;
        let per_point = 1e3 * self.timed_seconds / self.timed_points.max(1) as f64;
        let mut lines = vec![
            ("points", format!("{} in {}", plural(self.points, "point"), self.batches_text())),
            ("parts", format!("{} of {per_part}", self.parts)),
            (
                "operations",
                format!(
                    "{:.2e} FLOP, {:.2e} per part, with zeros counted",
                    self.operations,
                    self.operations * largest
                ),
            ),
            ("terms", format!("{} in {}", megabytes(self.bytes), plural(self.shards, "shard"))),
        ];
        if self.stages > 0 {
            let rows = megabytes(self.row_bytes);
            let wait = "each begins when all parts have ended the one before";
            lines.push(("stages", format!("{} find the shifts; {wait}", self.stages)));
            lines
                .push(("rows", format!("up to {rows} in the folders of the parts between stages")));
        }
        lines.push((
            "memory",
            format!("about {} per part, and the images", megabytes(self.memory_per_part)),
        ));
        lines.push((
            "time",
            format!(
                "{} per part, {} for all on this machine ({per_point:.3} ms per point, measured \
                 at {})",
                predicted(self.seconds_per_part),
                predicted(self.seconds),
                plural(self.timed_points, "point")
            ),
        ));
        lines.push(("tasks", format!("{}, which --json lists", count(self.tasks.len()))));
        pairs(&lines)
    }

    fn batches_text(&self) -> String {
        match self.batches {
            1 => format!("1 batch of {}", count(self.batch)),
            batches => format!("{} batches of {}", count(batches), count(self.batch)),
        }
    }
}
