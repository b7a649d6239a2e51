//! `tropex assign`

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tropex::experiments::assign::{AssignSettings, AssignedImage, assign};
use tropex::extract::terms::{Effort, Ranked};
use tropex::train::files::write_atomically;
use tropex::train::run::Run;

use super::options::{DataOption, DevicesOption, GaugeName, SplitName};
use crate::output::{Output, duration, pairs, plural, small_percent, table};

/// Images that people are shown; files and machines get all.
const SHOWN: usize = 10;

/// Find the training images whose terms win at images, in exact arithmetic.
#[derive(Debug, Args)]
pub struct Assign {
    /// Folder of the run.
    run: PathBuf,
    /// Images to assign.
    #[arg(long, default_value = "test")]
    split: SplitName,
    /// The first LIMIT images only.
    #[arg(long)]
    limit: Option<NonZeroUsize>,
    /// The TOP best terms of every image.
    #[arg(long, default_value = "1")]
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
struct Assigned<'a> {
    images: usize,
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

impl Assign {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
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
        let show = |done: usize, all: usize| bar.show_part(done, all, "looking for winning terms");
        let start = Instant::now();
        let assigned = assign(&run, &data, &devices, &settings, &show);
        bar.finish();
        let assigned = assigned?;
        let images = &assigned.images;
        if let Some(path) = &self.out {
            let failed = || format!("cannot write {}", path.display());
            write_atomically(path, csv(images).as_bytes()).with_context(failed)?;
        }
        let result = Assigned {
            images: images.len(),
            effort: assigned.effort,
            seconds: start.elapsed().as_secs_f64(),
            out: self.out.as_deref(),
            assignments: self.out.is_none().then_some(images),
        };
        output.result(&result, || {
            let mut lines = vec![
                ("images", format!("{} of {}", plural(images.len(), "image"), settings.split)),
                (
                    "computed again in f64",
                    small_percent(assigned.effort.share()) + " of the values",
                ),
                ("time", duration(start.elapsed())),
            ];
            lines.extend(self.out.as_ref().map(|path| ("all in", path.display().to_string())));
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
    let row = |image: &AssignedImage, rank: usize, term: &Ranked| {
        vec![
            image.image.to_string(),
            image.label.to_string(),
            image.network.to_string(),
            (rank + 1).to_string(),
            term.position.to_string(),
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
            let Ranked { position, class, value, gap } = term;
            let rank = rank + 1;
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{image},{label},{network},{rank},{position},{class},{value},{gap},{negative}"
            );
        }
    }
    text
}
