//! Options and parsers that several commands share.

use std::cell::{Cell, OnceCell};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use burn::tensor::Device;
use clap::Args;
use tropex::Devices;
use tropex::device;
use tropex::onnx::OnnxModel;
use tropex::train::data::{
    DataError, Dataset, DownloadProgress, FileError, ImageLayout, OpenOptions, is_relative, open,
};
use tropex::train::run::Run;

use crate::interrupt::InterruptNote;
use crate::output::{Output, megabytes};
use crate::remote::local_folder;

/// Opens a run, which may be in an object store.
pub fn open_run(folder: &Path) -> anyhow::Result<Run> {
    Ok(Run::open(&local_folder(folder)?)?)
}

/// The device to compute on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data and device")]
pub struct DeviceOption {
    /// Device to compute on; `tropex list` names the devices. Default: the fastest of this build.
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

/// The devices that share the work.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data and device")]
pub struct DevicesOption {
    /// Device to compute on; `tropex list` names the devices. Default: the fastest of this build.
    /// Several devices, as in cuda:0,cuda:1, share the images of extractions and assignments: each
    /// free device takes the next batch.
    #[arg(long, value_name = "DEVICE[,DEVICE...]")]
    device: Option<String>,
}

impl DevicesOption {
    pub fn find(&self) -> anyhow::Result<Devices> {
        Ok(device::find_all(&self.names())?)
    }

    /// Name of the device for the work that is not shared.
    pub fn first_name(&self) -> String {
        self.names().split(',').next().unwrap_or_default().to_owned()
    }

    /// The words of the command line that stand for this option.
    pub fn words(&self) -> Vec<String> {
        let words = self.device.iter().flat_map(|names| ["--device".to_owned(), names.clone()]);
        words.collect()
    }

    fn names(&self) -> String {
        self.device.clone().unwrap_or_else(device::default_name)
    }
}

/// The folder of the files of a dataset.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data and device")]
pub struct DataOption {
    /// Folder with the files of the dataset. Default: the cache, after a download if necessary.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl DataOption {
    /// The words of the command line that stand for this option.
    pub fn words(&self) -> Vec<String> {
        let folder = self.data_dir.iter().map(|folder| folder.display().to_string());
        folder.flat_map(|folder| ["--data-dir".to_owned(), folder]).collect()
    }

    /// Opens the dataset of a run with the options and the labels of its training.
    pub fn open_of(&self, run: &Run, output: &Output) -> anyhow::Result<Dataset> {
        let config = run.config();
        let name = &config.dataset;
        let dataset = self.read(name, output, |options| config.open_options(options));
        let dataset = match is_relative(name) && self.data_dir.is_none() {
            false => dataset.map_err(anyhow::Error::from),
            true => dataset.with_context(|| {
                format!(
                    "the dataset {name} of {} is a path relative to the folder where the run was made; \
                     change to that folder, or pass the folder of the file as --data-dir",
                    run.path().display()
                )
            }),
        };
        Ok(config.as_used(dataset?))
    }

    /// Opens a dataset for a new run, and prints its warnings.
    pub fn open(
        &self,
        name: &str,
        layout: Option<ImageLayout>,
        output: &Output,
    ) -> anyhow::Result<Dataset> {
        Ok(self.open_new(name, layout, output)?)
    }

    /// Opens a dataset for an ONNX model: a file may contain points of the model's own shape, with
    /// values of any range.
    pub fn open_points(
        &self,
        name: &str,
        layout: Option<ImageLayout>,
        model: &OnnxModel,
        output: &Output,
    ) -> anyhow::Result<Dataset> {
        let dataset = self.read(name, output, |options| {
            let options = options.with_points_of(model.input_shape());
            match layout {
                Some(layout) => options.with_layout(layout),
                None => options,
            }
        })?;
        dataset.warnings.iter().for_each(|warning| output.warning(warning));
        Ok(dataset)
    }

    /// Opens the dataset of a new run of a study, whose plan can name the layout.
    pub fn open_of_study(
        &self,
        name: &str,
        layout: Option<ImageLayout>,
        output: &Output,
    ) -> anyhow::Result<Dataset> {
        self.open_new(name, layout, output).map_err(|error| {
            with_choice(error, "layout = \"nhwc\" or layout = \"nchw\" below its dataset")
        })
    }

    fn open_new(
        &self,
        name: &str,
        layout: Option<ImageLayout>,
        output: &Output,
    ) -> Result<Dataset, DataError> {
        let dataset = self.read(name, output, |options| match layout {
            Some(layout) => options.with_layout(layout),
            None => options,
        })?;
        dataset.warnings.iter().for_each(|warning| output.warning(warning));
        Ok(dataset)
    }

    /// Opens a dataset, with progress of a download.
    fn read(
        &self,
        name: &str,
        output: &Output,
        with: impl for<'b> FnOnce(OpenOptions<'b>) -> OpenOptions<'b>,
    ) -> Result<Dataset, DataError> {
        let (bar, kept, is_told) = (output.bar(), OnceCell::new(), Cell::new(false));
        let show = |progress: DownloadProgress<'_>| {
            match progress {
                DownloadProgress::Received { file, received, total } => {
                    kept.get_or_init(|| {
                        InterruptNote::set(|| Some("what was downloaded is kept".to_owned()))
                    });
                    let what = format!("downloading {file}, {}", megabytes(total));
                    bar.show(received as f64 / total.max(1) as f64, what);
                }
                DownloadProgress::Waiting { holder } if !is_told.replace(true) => {
                    bar.suspend(|| output.progress(&format!("{holder} downloads {name}; waiting")));
                }
                _ => {}
            }
            ControlFlow::Continue(())
        };
        let options = OpenOptions::default().with_progress(&show);
        let options = with(options.with_data_dir(self.data_dir.clone()));
        open(name, &options)
    }
}

/// Adds to an error about the layout how the layout is chosen.
fn with_choice(error: DataError, choice: &str) -> anyhow::Error {
    match &error {
        DataError::File { problem: FileError::ChannelsLast { .. }, .. } => {
            anyhow::anyhow!("{error} ({choice})")
        }
        _ => error.into(),
    }
}

/// The layout of a file of images.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data and device")]
pub struct LayoutOption {
    /// Axes of the images in file:PATH: nchw for [count, channels, height, width], nhwc for [count,
    /// height, width, channels]. Default: nchw, and shapes that look like nhwc are refused.
    #[arg(long, value_name = "LAYOUT")]
    pub layout: Option<ImageLayout>,
}

/// Refuses an output file that cannot be written, before the work begins.
pub fn require_writable(path: &Path) -> anyhow::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if path.is_dir() {
        anyhow::bail!("cannot write {}: it is a folder, expected a file", path.display());
    }
    match parent.filter(|parent| !parent.is_dir()) {
        Some(parent) => {
            anyhow::bail!(
                "cannot write {}: there is no folder {}",
                path.display(),
                parent.display()
            )
        }
        None => Ok(()),
    }
}

/// A whole number of 1 or more.
pub fn one_or_more(text: &str) -> Result<NonZeroUsize, String> {
    match whole::<usize>(text).map(NonZeroUsize::new) {
        Ok(Some(number)) => Ok(number),
        Err(reason) if is_too_large(text) => Err(reason),
        _ => Err("expected a whole number of 1 or more".into()),
    }
}

/// A whole number.
pub fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| match is_too_large(text) {
        true => format!("too large, expected at most {}", usize::MAX),
        false => "expected a whole number of 0 or more".into(),
    })
}

/// Whether a text is a whole number beyond the range of `usize`.
fn is_too_large(text: &str) -> bool {
    text.len() >= usize::MAX.ilog10() as usize && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A finite number with a property; `expected` describes the numbers that have it.
pub fn number(text: &str, is_valid: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && is_valid(*value));
    value.ok_or_else(|| format!("expected {expected}"))
}

pub fn any_number(text: &str) -> Result<f64, String> {
    number(text, |_| true, "a number")
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

/// Units of memory in bytes.
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
    fn whole_numbers_are_parsed_and_others_refused() {
        assert_eq!(one_or_more("7").map(NonZeroUsize::get), Ok(7));
        assert_eq!(whole::<u64>("0"), Ok(0));
        for text in ["0", "-1", "1.5", "x", "", "\u{663}"] {
            assert_eq!(one_or_more(text), Err("expected a whole number of 1 or more".into()));
        }
        let large = "99999999999999999999999";
        assert_eq!(one_or_more(large), Err(format!("too large, expected at most {}", usize::MAX)));
        assert_eq!(whole::<u64>("-1"), Err("expected a whole number of 0 or more".into()));
    }

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
