//! `tropex assign`

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tropex::Gauge;
use tropex::experiments::query::{
    AssignSettings, AssignedImage, RankedImage, assign, assign_joined, assign_part,
};
use tropex::experiments::{Split, TaskProgress};
use tropex::extract::function::WorkStats;
use tropex::train::data::SubsetSummary;
use tropex_files::replace;

use super::choices;
use super::examples::examples;
use super::image_parts::{ImageParts, report_part};
use super::options::{DataOption, DevicesOption, one_or_more, open_run, require_writable};
use crate::output::{Output, count, duration, pairs, small_percent, table};

/// Number of images in the printed table; files and JSON have all.
const SHOWN: usize = 10;

/// Find the training images whose terms are maximal at images, in exact arithmetic.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "assign runs/fcn4 --limit 10",
    "assign runs/fcn4 --top 3 --out all.csv",
    "assign runs/fcn4 --top 3 --part 1/4",
    "assign runs/fcn4 --top 3 --parts 4 --out all.csv",
))]
pub struct AssignArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Split of the images to assign.
    #[arg(long, value_parser = choices::split(), default_value = "test")]
    split: Split,
    /// Assign LIMIT images only, with every class in proportion.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// Number of terms per image, the largest first.
    #[arg(long, default_value = "1", value_parser = one_or_more, allow_negative_numbers = true)]
    top: NonZeroUsize,
    /// Gauge of the terms.
    #[arg(long, value_parser = choices::gauge(), default_value = "worst-case")]
    gauge: Gauge,
    /// Write all assignments to a CSV file, one line for every image and term.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    parts: ImageParts,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

#[derive(Serialize)]
struct AssignOutput<'a> {
    images: usize,
    split: Split,
    /// The assigned images.
    taken: SubsetSummary,
    /// The training images of the terms.
    terms: SubsetSummary,
    /// The values that were computed again in f64 or exactly.
    #[serde(rename = "effort")]
    work: WorkStats,
    seconds: f64,
    /// The CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
    /// The assignments, unless they are in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignments: Option<&'a [AssignedImage]>,
}

impl AssignArgs {
    /// The folder for the files of a job, for work on all images.
    pub fn whole_run(&self) -> anyhow::Result<PathBuf> {
        self.parts.whole_run(&self.run)
    }

    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.out.as_deref().map(require_writable).transpose()?;
        let run = open_run(&self.run)?;
        let devices = self.devices.find()?;
        let data = self.data.open_of(&run, output)?;
        let settings = AssignSettings::default()
            .with_gauge(self.gauge)
            .with_split(self.split)
            .with_limit(self.limit.map(NonZeroUsize::get))
            .with_top(self.top.get());
        let bar = output.bar();
        let show = |TaskProgress { done, total, .. }: TaskProgress<'_>| {
            bar.show_part(done, total, "looking for winning terms");
            ControlFlow::Continue(())
        };
        let start = Instant::now();
        if let Some(part) = self.parts.part {
            let ranked = assign_part(&run, &data, &devices, &settings, part, &show);
            bar.finish();
            return report_part(part, &ranked?, start.elapsed(), output);
        }
        let assigned = match self.parts.joined() {
            None => assign(&run, &data, &devices, &settings, &show),
            Some(parts) => assign_joined(&run, &data, &devices, &settings, parts),
        };
        bar.finish();
        let assigned = assigned.map_err(|error| self.parts.with_command(error))?;
        let images = &assigned.images;
        if let Some(path) = &self.out {
            let failed = || format!("cannot write {}", path.display());
            replace(path, csv(images).as_bytes()).with_context(failed)?;
        }
        let result = AssignOutput {
            images: images.len(),
            split: settings.split,
            taken: assigned.taken,
            terms: assigned.terms,
            work: assigned.work,
            seconds: start.elapsed().as_secs_f64(),
            out: self.out.as_deref(),
            assignments: self.out.is_none().then_some(images),
        };
        output.result(&result, || {
            let mut lines = vec![
                ("images", assigned.taken.describe(settings.split.images())),
                ("terms", assigned.terms.describe(Split::Train.images())),
                ("computed again in f64", small_percent(assigned.work.share()) + " of the values"),
                ("time", duration(start.elapsed())),
            ];
            let part = format!("{SHOWN} of {} images", count(images.len()));
            lines.extend(match &self.out {
                Some(path) => Some(("all in", path.display().to_string())),
                None if images.len() > SHOWN => {
                    Some(("shown", part + "; --out FILE writes all, --json prints all"))
                }
                None => None,
            });
            format!("{}\n{}", shown(images), pairs(&lines))
        })
    }
}

/// A table of the first images.
fn shown(images: &[AssignedImage]) -> String {
    let heading = [
        "image",
        "label",
        "network",
        "rank",
        "training image",
        "class",
        "value",
        "gap",
        "negative",
    ];
    let row = |image: &AssignedImage, rank: usize, term: &RankedImage| {
        vec![
            image.image.to_string(),
            image.label.to_string(),
            image.network.to_string(),
            (rank + 1).to_string(),
            term.training_image.to_string(),
            term.class.to_string(),
            format!("{:.4}", term.value),
            format!("{:.4}", term.gap),
            image.negative.to_string(),
        ]
    };
    let rows = images.iter().take(SHOWN).flat_map(|image| {
        image.best.iter().enumerate().map(move |(rank, term)| row(image, rank, term))
    });
    table(&heading, rows.collect())
}

/// CSV of all images. Numbers have enough digits to be read back exactly.
fn csv(images: &[AssignedImage]) -> String {
    let mut text = "image,label,network,rank,training_image,class,value,gap,negative\n".to_owned();
    for image in images {
        for (rank, term) in image.best.iter().enumerate() {
            let AssignedImage { image, label, network, negative, .. } = image;
            let RankedImage { training_image, class, value, gap } = term;
            let rank = rank + 1;
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{image},{label},{network},{rank},{training_image},{class},{value},{gap},{negative}"
            );
        }
    }
    text
}
