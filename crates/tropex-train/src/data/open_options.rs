//! Options for opening a dataset.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::download::DownloadCallback;
use super::image_layout::ImageLayout;

/// Options for opening a dataset: the folder of its files, and whether they may be downloaded.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct OpenOptions<'a> {
    /// Folder that is searched. `None` searches the cache (`TROPEX_DATA`, or the platform's cache
    /// folder) and the folders of system packages, and then downloads.
    pub data_dir: Option<PathBuf>,
    /// Forbids downloads, as `TROPEX_OFFLINE=1` does.
    pub offline: bool,
    /// Layout of the images of `file:PATH`. `None` reads `[count, channels, height, width]` and
    /// refuses shapes that look like channels last.
    pub layout: Option<ImageLayout>,
    /// Images that are held out as the test split of a `file:PATH` with a single set of images.
    pub held_out: HoldOut,
    /// Values that a `file:PATH` may contain.
    pub values: ValueRange,
    /// Shape of the points of a network. A `file:PATH` with points of this shape is read in their
    /// order, without a guess at its layout.
    pub point_shape: Option<Vec<usize>>,
    /// Called for every piece of a download.
    pub progress: Option<&'a DownloadCallback<'a>>,
}

impl<'a> OpenOptions<'a> {
    /// Searches one folder instead of the cache.
    #[must_use]
    pub fn with_data_dir(self, folder: impl Into<Option<PathBuf>>) -> Self {
        Self { data_dir: folder.into(), ..self }
    }

    /// Forbids or allows downloads.
    #[must_use]
    pub fn with_offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }

    /// Reads the images of `file:PATH` in a layout.
    #[must_use]
    pub fn with_layout(self, layout: ImageLayout) -> Self {
        Self { layout: Some(layout), ..self }
    }

    /// Reads a `file:PATH` as points of a network, with values of any range. The points have this
    /// shape, or are images.
    #[must_use]
    pub fn with_points_of(self, shape: impl Into<Vec<usize>>) -> Self {
        Self { values: ValueRange::Any, point_shape: Some(shape.into()), ..self }
    }

    /// Reports downloads, which the callback can cancel.
    #[must_use]
    pub fn with_progress(self, progress: &'a DownloadCallback<'a>) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Reads a `file:PATH` with the options that a run recorded.
    #[must_use]
    pub fn with_file_options(self, options: Option<FileReadOptions>) -> Self {
        match options {
            Some(FileReadOptions { layout, held_out, values }) => {
                let held_out = held_out.unwrap_or_default();
                Self { layout: Some(layout), held_out, values, ..self }
            }
            None => self,
        }
    }
}

impl fmt::Debug for OpenOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("data_dir", &self.data_dir)
            .field("offline", &self.offline)
            .field("layout", &self.layout)
            .field("held_out", &self.held_out)
            .field("values", &self.values)
            .field("point_shape", &self.point_shape)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// The rule that holds out a sixth of a single set of images as the test split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldOut {
    /// A sixth of every class.
    #[default]
    #[serde(rename = "every-class")]
    Stratified,
    /// The last sixth of the images. Earlier versions held out these images.
    Last,
}

/// The values that the images or points of a `file:PATH` may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueRange {
    /// Pixels in [0, 1].
    #[default]
    Pixels,
    /// Any finite numbers: points of a network that was trained elsewhere.
    Any,
}

impl ValueRange {
    fn is_default(&self) -> bool {
        *self == Self::Pixels
    }
}

/// The options that a `file:PATH` was read with. A run records them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReadOptions {
    /// Layout of the images.
    pub layout: ImageLayout,
    /// Rule of the held-out images; `None` if the file has both splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HoldOut>,
    /// The accepted values.
    #[serde(default, skip_serializing_if = "ValueRange::is_default")]
    pub values: ValueRange,
}

impl FileReadOptions {
    /// The options of runs that record none.
    pub(crate) const OF_OLD_RUNS: Self = Self {
        layout: ImageLayout::Nchw,
        held_out: Some(HoldOut::Last),
        values: ValueRange::Pixels,
    };
}
