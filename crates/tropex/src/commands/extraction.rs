//! What `tropex extract` and `tropex merge` share.

pub mod part;
pub mod progress;
pub mod report;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use tropex::experiments::{ExtractSettings, Split};
use tropex::extract::job::ExtractOptions;
use tropex::{Classes, Gauge, Precision};

use super::choices;
use super::options::{DataOption, DevicesOption, one_or_more, whole};

/// Which terms of a run, and how they are stored.
#[derive(Debug, Args)]
pub struct ExtractionOptions {
    /// Folder of the run.
    pub run: PathBuf,
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
    pub gauge: Gauge,
    /// With the tight or calibrated gauge: use the shifts of the terms of this split. The
    /// coefficients that stay negative are counted.
    #[arg(long, value_parser = choices::split(), value_name = "SPLIT")]
    pub shifts_of: Option<Split>,
    /// Format of the numbers.
    #[arg(long, value_parser = choices::precision(), default_value = "f32")]
    precision: Precision,
    /// Images at which the self-check compares the image's own terms with all others. With the
    /// calibrated gauge, which checks all images, these are the images of its trials.
    #[arg(long, value_name = "IMAGES", default_value_t = CHECKED, value_parser = whole::<usize>, allow_negative_numbers = true)]
    check: usize,
    /// Approximate size of a file of terms. This much is in memory, and an interruption loses it.
    #[arg(long, value_name = "MB", default_value_t = SHARD_MEGABYTES, value_parser = one_or_more, allow_negative_numbers = true)]
    shard_megabytes: NonZeroUsize,
    /// Delete terms of other settings or weights in the same folder, instead of refusing.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    pub data: DataOption,
    #[command(flatten)]
    pub devices: DevicesOption,
}

/// Number of images of the self-check, unless it is chosen.
const CHECKED: usize = 1000;

/// Size of a file of terms in megabytes, unless it is chosen.
const SHARD_MEGABYTES: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The number of images per batch.
#[derive(Debug, Args)]
pub struct BatchOption {
    /// Images per batch. Default: chosen from the size of the network.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    batch: Option<NonZeroUsize>,
}

impl BatchOption {
    /// The sizes of an extraction without a limit of memory.
    pub fn sizes(&self) -> ExtractionSizes {
        ExtractionSizes { batch: self.batch.map(NonZeroUsize::get), memory: None }
    }
}

/// Sizes that do not change the terms.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtractionSizes {
    /// Images per batch.
    pub batch: Option<usize>,
    /// Bytes for the rows of all images.
    pub memory: Option<usize>,
}

impl ExtractionOptions {
    pub fn check_flags(&self) -> anyhow::Result<()> {
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

    pub fn settings(&self, sizes: ExtractionSizes) -> ExtractSettings {
        let options = ExtractOptions {
            batch: sizes.batch,
            dominance_points: self.check,
            shard_bytes: self.shard_megabytes.get().saturating_mul(1_000_000),
            memory: sizes.memory,
            replace: self.replace,
        };
        ExtractSettings::default()
            .with_split(self.split)
            .with_limit(self.limit.map(NonZeroUsize::get))
            .with_classes(self.classes)
            .with_gauge(self.gauge)
            .with_shifts_of(self.shifts_of)
            .with_precision(self.precision)
            .with_options(options)
    }

    /// The arguments of `tropex` that extract these terms.
    pub fn extract_words(&self, sizes: ExtractionSizes) -> Vec<String> {
        let mut words = self.words("extract");
        words.extend(
            sizes.batch.into_iter().flat_map(|batch| ["--batch".into(), batch.to_string()]),
        );
        words
    }

    /// The arguments of `tropex` that join parts of these terms.
    pub fn merge_words(&self) -> Vec<String> {
        self.words("merge")
    }

    /// A command with these options.
    fn words(&self, command: &str) -> Vec<String> {
        let mut words = vec![command.to_owned(), self.run.display().to_string()];
        let mut add = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([flag.to_owned(), value]);
            }
        };
        let unless = |is_default: bool, value: String| (!is_default).then_some(value);
        add("--split", unless(self.split == Split::Train, self.split.to_string()));
        add("--limit", self.limit.map(|limit| limit.to_string()));
        add("--classes", unless(self.classes == Classes::Predicted, self.classes.to_string()));
        add("--gauge", unless(self.gauge == Gauge::WorstCase, self.gauge.to_string()));
        add("--shifts-of", self.shifts_of.map(|split| split.to_string()));
        add("--precision", unless(self.precision == Precision::F32, self.precision.to_string()));
        add("--check", unless(self.check == CHECKED, self.check.to_string()));
        let megabytes = self.shard_megabytes;
        add("--shard-megabytes", unless(megabytes == SHARD_MEGABYTES, megabytes.to_string()));
        words.extend(self.replace.then(|| "--replace".to_owned()));
        words.extend(self.data.words());
        words.extend(self.devices.words());
        words
    }
}
