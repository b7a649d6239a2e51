//! Work on images in parts: the options, and what a part says.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tropex::experiments::{self, run::RankedPart};
use tropex::extract::Error;
use tropex::extract::job::PartNumber;

use super::options::{one_or_more, open_run};
use crate::output::{Output, duration, pairs, plural};
use crate::remote::folder_for_jobs;

/// Which part of the images this process works on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parts")]
pub struct ImageParts {
    /// Do only the work on part I of N of the images, with I from 1 to N, on any machine that sees
    /// the folder. Every part reads the terms of all training images.
    #[arg(long, value_name = "I/N")]
    pub part: Option<PartNumber>,
    /// Use what N parts found, instead of doing their work.
    #[arg(long, value_name = "N", conflicts_with = "part", value_parser = one_or_more, allow_negative_numbers = true)]
    pub parts: Option<NonZeroUsize>,
}

#[derive(Serialize)]
struct ImagePartOutput {
    part: usize,
    parts: usize,
    /// Images of the part.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<usize>,
    /// Files with results.
    files: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    seconds: f64,
}

impl ImageParts {
    /// The number of parts whose results are used.
    pub fn joined(&self) -> Option<usize> {
        self.parts.map(NonZeroUsize::get)
    }

    /// The folder for the files of a job about a run, for work on all images.
    pub fn whole_run(&self, run: &Path) -> anyhow::Result<PathBuf> {
        self.require_whole()?;
        open_run(run)?;
        Ok(folder_for_jobs(run))
    }

    /// Refuses options of one part.
    pub fn require_whole(&self) -> anyhow::Result<()> {
        if self.part.is_some() || self.parts.is_some() {
            anyhow::bail!(
                "--part and --parts of the command belong to the tasks, which are made from --parts \
                 before `--`; leave them out"
            );
        }
        Ok(())
    }

    /// Adds how missing parts are made.
    pub fn with_command(&self, error: experiments::Error) -> anyhow::Error {
        let experiments::Error::Extract(Error::MissingParts { missing, .. }) = &error else {
            return error.into();
        };
        let Some(first) = missing.first() else { return error.into() };
        let others = if missing.len() > 1 { ", and the others likewise" } else { "" };
        let of = first.of();
        anyhow::anyhow!(
            "{error}; the command is this one with --part {first} instead of --parts {of}{others}"
        )
    }
}

/// Says what a part of a ranking did.
pub fn report_part(
    part: PartNumber,
    ranked: &RankedPart,
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    if ranked.is_known {
        output.note("this part is already done; nothing to do")?;
    }
    report(part, (Some(ranked), 1), time, output)
}

/// Says what a part of experiments did.
pub fn report_results(
    part: PartNumber,
    files: usize,
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    report(part, (None, files), time, output)
}

fn report(
    part: PartNumber,
    (ranked, files): (Option<&RankedPart>, usize),
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    let (number, of) = (part.number(), part.of());
    let printed = ImagePartOutput {
        part: number,
        parts: of,
        images: ranked.map(|ranked| ranked.points),
        files,
        folder: ranked.map(|ranked| ranked.folder.display().to_string()),
        seconds: time.as_secs_f64(),
    };
    output.result(&printed, || {
        let images = printed.images.map(|images| format!(", {}", plural(images, "image")));
        let mut lines = vec![("part", format!("{number} of {of}{}", images.unwrap_or_default()))];
        lines.push(("results", plural(files, "file")));
        lines.extend(printed.folder.clone().map(|folder| ("folder", folder)));
        lines.push(("time", duration(time)));
        lines
            .push(("then", format!("the same command with --parts {of}, once all parts are done")));
        pairs(&lines)
    })
}
