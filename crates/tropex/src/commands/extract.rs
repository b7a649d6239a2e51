//! `tropex extract`

use std::cell::{Cell, OnceCell, RefCell};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use tropex::experiments::{ExtractSettings, Split, TrainedEpoch, pipeline};
use tropex::extract::job::{Estimate, ExtractOptions, Progress, SavedProgress};
use tropex::train::data::{SubsetRule, SubsetSummary};
use tropex::train::run::Run;
use tropex::{Classes, Gauge, Precision, SelfCheck, TermStore};

use super::choices;
use super::examples;
use super::options::{DataOption, DevicesOption, bytes, one_or_more, whole};
use crate::interrupt::InterruptNote;
use crate::output::{Output, count, duration, megabytes, pairs, percent, plural};

/// Extract the linear terms of a run. The same command resumes an interrupted extraction.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "extract runs/fcn4",
    "extract runs/fcn4 --gauge tight --memory 4GB",
    "extract runs/fcn4 --gauge tight --split test --shifts-of train",
))]
pub struct ExtractArgs {
    /// Folder of the run.
    run: PathBuf,
    /// Split of the images whose terms are extracted.
    #[arg(long, value_parser = choices::split(), default_value = "train")]
    split: Split,
    /// Extract at LIMIT images only, with every class in proportion. Default: all images that the
    /// network was trained on.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// Classes whose linear terms are extracted at every image.
    #[arg(long, value_parser = choices::classes(), default_value = "predicted")]
    classes: Classes,
    /// Rule that chooses the shifts.
    #[arg(long, value_parser = choices::gauge(), default_value = "worst-case")]
    gauge: Gauge,
    /// With the tight or calibrated gauge: use the shifts of the terms of this split. The
    /// coefficients that stay negative are counted.
    #[arg(long, value_parser = choices::split(), value_name = "SPLIT")]
    shifts_of: Option<Split>,
    /// Memory for the rows of all images with the tight or calibrated gauge, such as 4GB; further
    /// rows are kept in a temporary file. Default: half of the free memory.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory: Option<usize>,
    /// Format of the numbers.
    #[arg(long, value_parser = choices::precision(), default_value = "f32")]
    precision: Precision,
    /// Images per batch. Default: chosen from the size of the network.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    batch: Option<NonZeroUsize>,
    /// Images at which the self-check compares the image's own terms with all others. With the
    /// calibrated gauge, which checks all images, these are the images of its trials.
    #[arg(long, value_name = "IMAGES", default_value_t = 1000, value_parser = whole::<usize>, allow_negative_numbers = true)]
    check: usize,
    /// Approximate size of a file of terms. This much is in memory, and an interruption loses it.
    #[arg(long, value_name = "MB", default_value = "64", value_parser = one_or_more, allow_negative_numbers = true)]
    shard_megabytes: NonZeroUsize,
    /// Delete terms of other settings or weights in the same folder, instead of refusing.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

#[derive(Serialize)]
struct ExtractOutput<'a> {
    folder: String,
    gauge: Gauge,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f64>,
    points: usize,
    split: Split,
    /// The images.
    images: SubsetSummary,
    features: usize,
    linear_terms_per_point: usize,
    shards: usize,
    bytes: u64,
    /// Burn's names of the devices.
    devices: &'a [String],
    seconds: f64,
    check: &'a SelfCheck,
    warnings: Vec<String>,
}

impl ExtractArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        self.check_flags()?;
        let run = Run::open(&self.run)?;
        let devices = self.devices.find()?;
        let data = self.data.open_of(&run, output)?;
        let (bar, estimate) = (output.bar(), RefCell::new(Estimate::default()));
        let (worked, began, trial) = (Cell::new(false), OnceCell::new(), Cell::new(None));
        let folder = pipeline::terms_folder(&run, TrainedEpoch::Final, self.split, self.gauge);
        let show = |progress| {
            began.get_or_init(|| {
                let folder = folder.clone();
                InterruptNote::set(move || kept(&folder))
            });
            worked.set(worked.get() || is_work(progress));
            let share = estimate.borrow_mut().share(progress);
            bar.show(share, what(progress, &trial));
        };
        let start = Instant::now();
        let store = pipeline::extract(&run, &data, &devices, &self.settings(), &show);
        bar.finish();
        let store = store?;
        if !worked.get() {
            output.note("these terms are already extracted; nothing to do")?;
        }
        let images = self.settings().points(&run, &data).summary();
        report(&store, (self.split, images), start.elapsed(), output)
    }

    fn check_flags(&self) -> anyhow::Result<()> {
        let Some(split) = self.shifts_of else { return Ok(()) };
        if self.gauge == Gauge::WorstCase {
            anyhow::bail!("--shifts-of needs --gauge tight or calibrated");
        }
        if split == self.split {
            anyhow::bail!(
                "--shifts-of {split} names the images extracted; leave it out for their own shifts"
            );
        }
        Ok(())
    }

    fn settings(&self) -> ExtractSettings {
        ExtractSettings {
            epoch: TrainedEpoch::Final,
            split: self.split,
            limit: self.limit.map(NonZeroUsize::get),
            rule: SubsetRule::DEFAULT,
            classes: self.classes,
            gauge: self.gauge,
            shifts_of: self.shifts_of,
            precision: self.precision,
            options: ExtractOptions {
                batch: self.batch.map(NonZeroUsize::get),
                dominance_points: self.check,
                shard_bytes: self.shard_megabytes.get().saturating_mul(1_000_000),
                memory: self.memory,
                replace: self.replace,
            },
        }
    }
}

/// The current activity of an extraction. `trial` keeps the number of the current trial.
fn what(progress: Progress, trial: &Cell<Option<(usize, usize)>>) -> String {
    let of_trial = |what: &str| match trial.get() {
        Some((number, of)) => format!("trial {number} of {of}, {what}"),
        None => what.to_owned(),
    };
    match progress {
        Progress::Trial { trial: number, of } => {
            trial.set(Some((number, of)));
            of_trial("starting")
        }
        Progress::Shifted { stage, stages, .. } => {
            of_trial(&format!("finding shifts, stage {stage} of {stages}"))
        }
        Progress::Extracted { points, of } => {
            trial.set(None);
            format!("extracting, {} of {}", count(points), plural(of, "point"))
        }
        _ => of_trial("checking"),
    }
}

/// Describes the saved state of an extraction.
fn kept(folder: &Path) -> Option<String> {
    let (kept, folder) = (SavedProgress::of(folder)?, folder.display());
    match kept {
        SavedProgress { points: 0, of: 0, trials: 0 } => None,
        SavedProgress { points: 0, of: 0, trials } => {
            let verb = if trials == 1 { "is" } else { "are" };
            let trials = plural(trials, "trial");
            Some(format!("{trials} of the calibration {verb} kept in {folder}"))
        }
        SavedProgress { points: 0, .. } => Some(format!("the shifts are kept in {folder}")),
        SavedProgress { points, of, .. } => {
            let points = count(points);
            Some(format!("terms of {points} of {} are kept in {folder}", plural(of, "point")))
        }
    }
}

fn is_work(progress: Progress) -> bool {
    !matches!(progress, Progress::Extracted { points, of } if points == of)
}

fn report(
    store: &TermStore,
    (split, images): (Split, SubsetSummary),
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    let manifest = store.manifest();
    let Some(check) = &manifest.check else {
        anyhow::bail!("{}: the extraction is not finished", store.folder().display())
    };
    let extracted = ExtractOutput {
        folder: store.folder().display().to_string(),
        gauge: manifest.terms.gauge,
        scale: manifest.shifts.as_ref().and_then(|shifts| shifts.scale),
        points: store.len(),
        split,
        images,
        features: manifest.terms.features(),
        linear_terms_per_point: manifest.terms.per_point(),
        shards: manifest.shards.len(),
        bytes: manifest.shards.iter().map(|shard| shard.bytes).sum(),
        devices: &manifest.devices,
        seconds: time.as_secs_f64(),
        check,
        warnings: dead(check, split).into_iter().collect(),
    };
    extracted.warnings.iter().for_each(|warning| output.warning(warning));
    output.result(&extracted, || extracted.text(time))?;
    let failures = check.failures(manifest.terms.precision);
    if failures.is_empty() {
        return Ok(());
    }
    anyhow::bail!(
        "the self-check failed: {}; do not rely on these terms, extract them again with \
         --precision f64 --replace",
        failures.join("; ")
    )
}

/// A warning if all terms are zero.
fn dead(check: &SelfCheck, split: Split) -> Option<String> {
    let points = count(check.points);
    let text = format!(
        "all terms are zero: the network is dead at all {points} {split} images, its logits do not \
         depend on them"
    );
    check.is_dead().then_some(text)
}

impl ExtractOutput<'_> {
    fn text(&self, time: Duration) -> String {
        let terms = match self.linear_terms_per_point {
            1 => plural(self.points, "point"),
            classes => format!("{} x {classes} classes", plural(self.points, "point")),
        };
        let stored = format!(
            "{terms} x {}, {} in {}",
            plural(self.features, "coefficient"),
            megabytes(self.bytes),
            plural(self.shards, "shard")
        );
        let gauge = match self.scale {
            None => self.gauge.name().to_owned(),
            Some(scale) => format!("{}, {scale:.4} of the tight shifts", self.gauge.name()),
        };
        let mut lines = vec![
            ("terms", stored),
            ("images", self.images.describe(self.split.images())),
            ("folder", self.folder.clone()),
            ("gauge", gauge),
        ];
        if self.devices.len() > 1 {
            lines.push(("devices", self.devices.join(", ")));
        }
        lines.extend(check_lines(self.check));
        lines.push(("time", duration(time)));
        pairs(&lines)
    }
}

/// The self-check, one line per measure.
pub fn check_lines(check: &SelfCheck) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        (
            "value error",
            format!(
                "{:.1e} at most, of logits up to {:.1}",
                check.value_error, check.largest_logit
            ),
        ),
        (
            "coefficients",
            format!("{:.1e} to {:.1e}", check.smallest_coefficient, check.largest_coefficient),
        ),
    ];
    if let Some(dominance) = &check.dominance {
        lines.push((
            "own term maximal",
            format!(
                "{} of {} checked, largest gap {:.1e} (rounding explains {:.1e})",
                percent(dominance.rate()),
                plural(dominance.checked, "point"),
                dominance.largest_gap,
                dominance.tolerance
            ),
        ));
    }
    if let Some(violations) = &check.violations {
        lines.push((
            "violated shifts",
            format!(
                "at {} of {}, by {:.1e} of the largest coefficient there at most",
                count(violations.points),
                plural(check.points, "point"),
                violations.largest
            ),
        ));
    }
    lines
}
