//! One part of an extraction: `tropex extract --part`.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tropex::experiments::run::parts;
use tropex::extract::job::{PartNumber, PartOutcome, PartTask};
use tropex::{Error, Gauge, SelfCheck, experiments};

use super::progress::ExtractionProgress;
use super::report::check_lines;
use super::{ExtractionOptions, ExtractionSizes};
use crate::commands::options::{one_or_more, open_run};
use crate::commands::shell::command_line;
use crate::output::{Output, duration, megabytes, pairs, plural};

/// The part of an extraction that this process does.
#[derive(Debug, Args)]
pub struct PartArgs {
    /// Do only part I of N, with I from 1 to N, on any machine that sees the folder; `tropex merge`
    /// joins the parts.
    #[arg(long, value_name = "I/N")]
    part: Option<PartNumber>,
    /// With --part and the tight or calibrated gauge: do only this stage of the search for the
    /// shifts, counted from 1. Without it, the part waits for the other parts after every stage.
    #[arg(long, value_name = "STAGE", requires = "part", value_parser = one_or_more, allow_negative_numbers = true)]
    stage: Option<NonZeroUsize>,
}

#[derive(Serialize)]
struct ExtractionPartOutput {
    part: usize,
    parts: usize,
    folder: String,
    gauge: Gauge,
    /// Whether the terms of all parts are finished and joined.
    merged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<SelfCheck>,
    seconds: f64,
}

impl PartArgs {
    /// The part of an extraction to do; `None` for all of it.
    pub fn task(&self) -> Option<PartTask> {
        let task = PartTask::of(self.part?);
        Some(self.stage.map_or(task, |stage| task.with_stage(stage.get())))
    }
}

/// Refuses options that parts do not have.
pub fn require_options_of_parts(sizes: ExtractionSizes) -> anyhow::Result<()> {
    if sizes.memory.is_some() {
        anyhow::bail!(
            "--memory does not work in parts: a part keeps the rows of its images in files, unless \
             those of all parts fit into half of the free memory; leave out --memory"
        );
    }
    Ok(())
}

/// Does one part of an extraction.
pub fn run_part(
    task: PartTask,
    terms: &ExtractionOptions,
    sizes: ExtractionSizes,
    output: &Output,
) -> anyhow::Result<()> {
    let run = open_run(&terms.run)?;
    let devices = terms.devices.find()?;
    let data = terms.data.open_of(&run, output)?;
    let settings = terms.settings(sizes);
    let folder = settings.folder(&run);
    let progress = ExtractionProgress::new(output, folder.clone());
    let start = Instant::now();
    let show = |now| progress.show(now);
    let outcome = parts::extract_part(&run, &data, &devices, &settings, task, &show);
    let worked = progress.finish();
    let outcome = outcome.map_err(|error| with_command(error, terms, sizes))?;
    if !worked {
        output.note("this part is already done; nothing to do")?;
    }
    let time = start.elapsed();
    let part =
        ExtractionPartOutput::new(task, folder.display().to_string(), terms.gauge, outcome, time);
    output.result(&part, || part.text(terms, time))
}

/// Adds the command that makes missing or damaged parts.
pub fn with_command(
    error: experiments::Error,
    terms: &ExtractionOptions,
    sizes: ExtractionSizes,
) -> anyhow::Error {
    let (part, stage, others) = match &error {
        experiments::Error::Extract(Error::MissingParts { missing, stage, .. }) => {
            (missing.first().copied(), *stage, missing.len() > 1)
        }
        experiments::Error::Extract(Error::DamagedPart { part, .. }) => (Some(*part), None, false),
        experiments::Error::Extract(Error::NoParts { .. }) => (None, None, false),
        _ => return error.into(),
    };
    let part = part.map_or("I/N".to_owned(), |part| part.to_string());
    let stage = stage.map_or(String::new(), |stage| format!(" --stage {stage}"));
    let others = if others { ", and the others likewise" } else { "" };
    let command = command_line(terms.extract_words(sizes));
    anyhow::anyhow!("{error}; the command is `tropex {command} --part {part}{stage}`{others}")
}

impl ExtractionPartOutput {
    fn new(
        task: PartTask,
        folder: String,
        gauge: Gauge,
        outcome: PartOutcome,
        time: Duration,
    ) -> Self {
        let output = Self {
            part: task.part.number(),
            parts: task.part.of(),
            folder,
            gauge,
            merged: outcome == PartOutcome::Merged,
            stage: None,
            stages: None,
            points: None,
            files: None,
            bytes: None,
            check: None,
            seconds: time.as_secs_f64(),
        };
        match outcome {
            PartOutcome::Stage { stage, stages, points } => {
                Self { stage: Some(stage), stages: Some(stages), points: Some(points), ..output }
            }
            PartOutcome::Terms { points, files, bytes, check, .. } => Self {
                points: Some(points),
                files: Some(files),
                bytes: Some(bytes),
                check: Some(check),
                ..output
            },
            _ => output,
        }
    }

    fn text(&self, terms: &ExtractionOptions, time: Duration) -> String {
        let (part, of) = (self.part, self.parts);
        let points =
            self.points.map_or(String::new(), |points| format!(", {}", plural(points, "point")));
        let mut lines = vec![
            ("part", format!("{part} of {of}{points}")),
            ("folder", self.folder.clone()),
            ("gauge", self.gauge.name().to_owned()),
        ];
        if self.merged {
            lines.push(("terms", "of all parts, joined".to_owned()));
        }
        if let (Some(stage), Some(stages)) = (self.stage, self.stages) {
            lines.push(("stage", format!("{stage} of {stages}")));
        }
        if let (Some(files), Some(bytes)) = (self.files, self.bytes) {
            let stored = format!("{} in {}", megabytes(bytes), plural(files, "file"));
            lines.push(("terms", stored));
        }
        if let Some(check) = self.check.as_ref().filter(|check| check.points > 0) {
            lines.extend(check_lines(check));
        }
        lines.push(("time", duration(time)));
        if self.files.is_some() {
            let merge = command_line(terms.merge_words());
            lines.push(("then", format!("`tropex {merge}`, once all parts are done")));
        }
        pairs(&lines)
    }
}
