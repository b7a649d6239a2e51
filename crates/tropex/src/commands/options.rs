//! Options that several commands share.

use std::path::PathBuf;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use tropex::device;
use tropex::experiments::Split;
use tropex::train::data::{Dataset, DownloadProgress, OpenOptions, open};

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
        Ok(device::find(&self.name())?)
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
}

impl From<GaugeName> for tropex::Gauge {
    fn from(name: GaugeName) -> Self {
        match name {
            GaugeName::WorstCase => Self::WorstCase,
        }
    }
}
