//! `tropex assign`

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tropex::experiments::query::{AssignSettings, AssignedImage, RankedImage, assign};
use tropex::experiments::{Split, TaskProgress};
use tropex::extract::terms::Effort;
use tropex::train::data::SubsetSummary;
use tropex::train::run::Run;
use tropex_files::replace;

use super::options::{DataOption, DevicesOption, GaugeName, SplitName, one_or_more, require_place};
use crate::output::{Output, count, duration, pairs, small_percent, table};

/// Images that people are shown; files and machines get all.
const SHOWN: usize = 10;

/// Find the training images whose terms win at images, in exact arithmetic.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Images to assign.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// LIMIT of the images only, every class in its share.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// The TOP best terms of every image.
    #[arg(long, default_value = "1", value_parser = one_or_more, allow_negative_numbers = true)]
    top: NonZeroUsize,
    /// Gauge of the terms.
    #[arg(long, default_value = "worst-case")]
    gauge: GaugeName,
    /// Write all of them to a CSV file, a line for every image and term.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

#[derive(Serialize)]
struct AssignOutput<'a> {
    images: usize,
    split: Split,
    /// Which images these are.
    taken: SubsetSummary,
    /// The training images whose terms take part.
    terms: SubsetSummary,
    /// What the products in f32 left open.
    effort: Effort,
    seconds: f64,
    /// Where all assignments are.
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a Path>,
    /// All of them, unless they are in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignments: Option<&'a [AssignedImage]>,
}

impl AssignArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.out.as_deref().map(require_place).transpose()?;
        let run = Run::open(&self.run)?;
        let devices = self.devices.find()?;
        let data = self.data.open_of(&run, output)?;
        let settings = AssignSettings {
            gauge: self.gauge.into(),
            split: self.split.into(),
            limit: self.limit.map(NonZeroUsize::get),
            top: self.top.get(),
        };
        let bar = output.bar();
        let show = |TaskProgress { done, total, .. }: TaskProgress<'_>| {
            bar.show_part(done, total, "looking for winning terms");
            ControlFlow::Continue(())
        };
        let start = Instant::now();
        let assigned = assign(&run, &data, &devices, &settings, &show);
        bar.finish();
        let assigned = assigned?;
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
            effort: assigned.effort,
            seconds: start.elapsed().as_secs_f64(),
            out: self.out.as_deref(),
            assignments: self.out.is_none().then_some(images),
        };
        output.result(&result, || {
            let mut lines = vec![
                ("images", assigned.taken.words(settings.split.images())),
                ("terms", assigned.terms.words(Split::Train.images())),
                (
                    "computed again in f64",
                    small_percent(assigned.effort.share()) + " of the values",
                ),
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

/// The first images, for people.
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

/// All images: numbers are written so that they are read back as they were.
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
