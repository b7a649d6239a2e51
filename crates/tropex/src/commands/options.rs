//! Options that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use tropex::Devices;
use tropex::device;
use tropex::experiments::Split;
use tropex::train::data::{Dataset, DownloadProgress, OpenOptions, open};
use tropex::train::run::Run;

use crate::output::Output;

/// The device to compute on.
#[derive(Debug, Args)]
pub struct DeviceOption {
    /// Device to compute on, as `tropex list` names them; by default the fastest of this build.
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
}

impl DeviceOption {
    pub fn name(&self) -> String {
        self.device.clone().unwrap_or_else(device::default_name)
    }

    pub fn find(&self) -> anyhow::Result<Device> {
        let name = self.name();
        if name.contains(',') {
            anyhow::bail!("--device {name} names several devices, and this command uses only one");
        }
        Ok(device::find(&name)?)
    }
}

/// The devices to share work among.
#[derive(Debug, Args)]
pub struct DevicesOption {
    /// Device to compute on, as `tropex list` names them; by default the fastest of this build.
    /// Several, as in cuda:0,cuda:1, share the images of extractions and assignments: whichever is
    /// free takes the next ones.
    #[arg(long, value_name = "DEVICE[,DEVICE...]")]
    device: Option<String>,
}

impl DevicesOption {
    pub fn find(&self) -> anyhow::Result<Devices> {
        Ok(device::find_all(&self.names())?)
    }

    /// The name of the device that does what is not shared.
    pub fn first_name(&self) -> String {
        self.names().split(',').next().unwrap_or_default().to_owned()
    }

    fn names(&self) -> String {
        self.device.clone().unwrap_or_else(device::default_name)
    }
}

/// Where the files of a dataset are.
#[derive(Debug, Args)]
pub struct DataOption {
    /// Folder with the files of the dataset; by default they are looked for in the cache, and
    /// downloaded.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl DataOption {
    /// Opens the dataset of a run, with the labels that the run was trained on.
    pub fn open_of(&self, run: &Run, output: &Output) -> anyhow::Result<Dataset> {
        Ok(run.config().as_used(self.open(&run.config().dataset, output)?))
    }

    /// Opens a dataset, showing downloads.
    pub fn open(&self, name: &str, output: &Output) -> anyhow::Result<Dataset> {
        let bar = output.bar("downloading {msg} {bar:30} {bytes} of {total_bytes}, {eta} left");
        let show = |progress: DownloadProgress<'_>| {
            bar.set_message(progress.file.to_owned());
            bar.set_length(progress.total);
            bar.set_position(progress.received);
        };
        let options = OpenOptions {
            data_dir: self.data_dir.clone(),
            progress: Some(&show),
            ..OpenOptions::default()
        };
        let dataset = open(name, &options);
        bar.finish_and_clear();
        Ok(dataset?)
    }
}

/// A part of a dataset on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SplitName {
    Train,
    Test,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Self::Train,
            SplitName::Test => Self::Test,
        }
    }
}

/// A gauge on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum GaugeName {
    /// The published rule: shifts that suffice whatever the data.
    WorstCase,
    /// The smallest shifts that suffice for the images extracted.
    Tight,
    /// The smallest part of the tight shifts under which every image's own terms still win at it.
    Calibrated,
}

impl From<GaugeName> for tropex::Gauge {
    fn from(name: GaugeName) -> Self {
        match name {
            GaugeName::WorstCase => Self::WorstCase,
            GaugeName::Tight => Self::Tight,
            GaugeName::Calibrated => Self::Calibrated,
        }
    }
}

/// A format of numbers on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PrecisionName {
    F32,
    F64,
}

impl From<PrecisionName> for tropex::Precision {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::F32 => Self::F32,
            PrecisionName::F64 => Self::F64,
        }
    }
}

/// A finite number that is valid; `expected` says which are.
pub fn number(text: &str, is_valid: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && is_valid(*value));
    value.ok_or_else(|| format!("expected {expected}"))
}

pub fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |value| value >= 0.0, "a number of 0 or more")
}

/// A time in seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| *seconds >= 0.0);
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    limit.ok_or_else(|| "expected a number of seconds, 0 or more".into())
}

/// Units of memory and what they stand for.
const UNITS: [(&str, f64); 8] = [
    ("TB", 1e12),
    ("GB", 1e9),
    ("MB", 1e6),
    ("KB", 1e3),
    ("TiB", (1_u64 << 40) as f64),
    ("GiB", (1_u64 << 30) as f64),
    ("MiB", (1_u64 << 20) as f64),
    ("KiB", (1_u64 << 10) as f64),
];

/// A size such as `4GB`, `1.5 GiB` or `0MB`, in bytes.
pub fn bytes(text: &str) -> Result<usize, String> {
    let unit = UNITS.iter().find_map(|(unit, size)| {
        let number = text.len().checked_sub(unit.len()).and_then(|end| text.get(..end))?;
        text[number.len()..].eq_ignore_ascii_case(unit).then_some((number.trim_end(), size))
    });
    let parsed = unit.and_then(|(number, size)| Some(number.parse::<f64>().ok()? * size));
    match parsed.filter(|bytes| (0.0..=usize::MAX as f64).contains(bytes)) {
        Some(bytes) => Ok(bytes as usize),
        None => Err("expected a number with a unit, such as 500MB or 4GB".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        for (text, expected) in [
            ("4GB", 4_000_000_000),
            ("4gb", 4_000_000_000),
            ("1.5 GiB", 1_610_612_736),
            ("500MB", 500_000_000),
            ("12kb", 12_000),
            ("0MB", 0),
            ("1TiB", 1 << 40),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "4", "GB", "-1GB", "NaNGB", "infMB", "1e30TB", "4 bytes", "4G", "\u{e9}B"]
        {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
