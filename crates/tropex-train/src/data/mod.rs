//! Labelled images: datasets, their files, and the options for opening them.
//!
//! [`open`] turns a name of [`DATASETS`] or `file:PATH` into a [`Dataset`]. To add a dataset: one
//! file in this folder with an `ENTRY`, and one line in [`DATASETS`].

mod cifar;
mod download;
mod embedded;
mod error;
mod fashion_mnist;
mod fashion_mnist_32;
mod file;
mod file_error;
mod gzip;
mod idx;
mod idx_dataset;
mod idx_error;
mod image_layout;
mod images;
mod missing_classes;
mod mnist;
#[cfg(test)]
mod mutations;
mod published;
mod regular_file;
mod shapes;
mod source;
mod subset;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::messages::hint;
pub use cifar::CifarError;
pub use download::{DownloadCallback, DownloadProgress};
pub use error::DataError;
pub use file::as_planes;
pub use file_error::FileError;
pub use idx_error::IdxError;
pub use image_layout::looks_like_channels_last;
pub use image_layout::{ImageLayout, ParseImageLayoutError};
pub use images::{Images, ImagesError};
pub use shapes::Shapes;
pub use subset::{ParseSubsetRuleError, Subset, SubsetRule, SubsetSummary};

/// Every named dataset.
pub const DATASETS: &[DatasetEntry] = &[
    mnist::ENTRY,
    fashion_mnist::ENTRY,
    fashion_mnist_32::ENTRY,
    cifar::ENTRY,
    shapes::ENTRY,
    embedded::ENTRY,
];

/// Prefix of a dataset name that is the path of a safetensors file.
pub const FILE_PREFIX: &str = "file:";

/// A dataset in the registry.
#[derive(Debug, Clone, Copy)]
pub struct DatasetEntry {
    /// Name.
    pub name: &'static str,
    /// Description in one line.
    pub summary: &'static str,
    /// `[channels, height, width]` of an image.
    pub shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    open: fn(&OpenOptions<'_>) -> Result<Dataset, DataError>,
}

impl DatasetEntry {
    /// The entry of that name; `None` for other names and for files.
    pub fn find(name: &str) -> Option<&'static Self> {
        DATASETS.iter().find(|entry| entry.name == name)
    }
}

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
    pub fn with_data_dir(self, folder: impl Into<PathBuf>) -> Self {
        Self { data_dir: Some(folder.into()), ..self }
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

/// Images for training and for testing, of one shape and with the same classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Name that it was opened by.
    pub name: String,
    /// Images to train on.
    pub train: Images,
    /// Images to test on.
    pub test: Images,
    /// Names of the classes; empty if they are not known.
    pub class_names: Vec<String>,
    /// Options that a `file:PATH` was read with; `None` for other datasets.
    pub reading: Option<FileReadOptions>,
    /// Warnings that a user should read before relying on the dataset.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Describes the held-out test images; `None` if the dataset has a test split of its own.
    pub fn held_out(&self) -> Option<String> {
        let of = self.train.len() + self.test.len();
        let taken = |rule| SubsetSummary { count: self.test.len(), of, rule: Some(rule) };
        Some(match self.reading?.held_out? {
            HoldOut::Stratified => taken(SubsetRule::DEFAULT).describe("images"),
            HoldOut::Last => format!("the last {} of {of} images", self.test.len()),
        })
    }

    /// The dataset with the labels of its training images in a random order. The labels of the test
    /// images stay true.
    pub fn with_shuffled_labels(self, seed: u64) -> Self {
        Self { train: self.train.with_shuffled_labels(seed), ..self }
    }

    /// The dataset with more classes, for a network with more outputs than there are labels.
    ///
    /// # Errors
    /// [`ImagesError::LabelRange`]: the network has fewer outputs than there are labels.
    pub fn with_classes(self, classes: usize) -> Result<Self, ImagesError> {
        let (train, test) = (self.train.with_classes(classes)?, self.test.with_classes(classes)?);
        Ok(Self { train, test, ..self })
    }

    /// Name of a class, or its number if the name is not known.
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }
}

/// The name of a dataset, with a relative path in it resolved from `folder`.
///
/// ```
/// use std::path::Path;
/// use tropex_train::data::relative_to;
///
/// assert_eq!(relative_to("file:d.safetensors", Path::new("/data")), "file:/data/d.safetensors");
/// assert_eq!(relative_to("mnist", Path::new("/data")), "mnist");
/// ```
pub fn relative_to(name: &str, folder: &Path) -> String {
    match name.strip_prefix(FILE_PREFIX) {
        Some(path) => format!("{FILE_PREFIX}{}", folder.join(path).display()),
        None => name.to_owned(),
    }
}

/// Whether the name of a dataset contains a path relative to the working directory.
pub fn is_relative(name: &str) -> bool {
    name.strip_prefix(FILE_PREFIX).is_some_and(|path| Path::new(path).is_relative())
}

/// Opens the dataset called `name`: one of [`DATASETS`], or `file:PATH` for a safetensors file
/// with `train.images`, `train.labels`, `test.images` and `test.labels`, or with `images` and
/// `labels`, of which a sixth is then held out as the test split.
///
/// ```
/// use tropex_train::data::{OpenOptions, open};
///
/// let data = open("embedded", &OpenOptions::default())?;
/// assert_eq!((data.train.len(), data.train.shape()), (5000, [1, 28, 28]));
/// assert_eq!(data.class_name(9), "ankle boot");
/// # Ok::<(), tropex_train::data::DataError>(())
/// ```
///
/// # Errors
/// The name is unknown, or files are missing, damaged or cannot be downloaded.
pub fn open(name: &str, options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    if let Some(path) = name.strip_prefix(FILE_PREFIX) {
        return file::open(Path::new(path), options);
    }
    if options.layout.is_some() {
        return Err(DataError::Layout { dataset: name.to_string() });
    }
    match DatasetEntry::find(name) {
        Some(entry) => (entry.open)(options),
        None => Err(DataError::Unknown {
            name: name.to_string(),
            hint: match Path::new(name).is_file() {
                true => format!(" (did you mean {FILE_PREFIX}{name}?)"),
                false => hint(name, DATASETS.iter().map(|entry| entry.name)),
            },
            known: DATASETS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn registry_entries_are_well_formed() {
        let names: HashSet<_> = DATASETS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), DATASETS.len());
        for entry in DATASETS {
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(entry.name.chars().all(kebab), "{}", entry.name);
            assert!(!entry.summary.is_empty() && !entry.summary.contains('\n'));
            assert!(entry.shape.iter().all(|&extent| extent > 0) && entry.classes > 1);
        }
    }

    #[test]
    fn datasets_without_files_match_their_entries() {
        for name in ["shapes", "embedded"] {
            let entry = DatasetEntry::find(name).unwrap();
            let data = open(name, &OpenOptions::default()).unwrap();
            assert_eq!(data.name, name);
            for split in [&data.train, &data.test] {
                assert_eq!((split.shape(), split.classes()), (entry.shape, entry.classes));
            }
            assert_eq!(data.class_names.len(), entry.classes);
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = open("minst", &OpenOptions::default()).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown dataset `minst` (did you mean mnist?), expected one of mnist, fashion-mnist, fashion-mnist-32, \
             cifar10, shapes, embedded, or file:PATH"
        );
    }

    #[test]
    fn shuffled_labels_are_a_permutation() {
        let data = open("shapes", &OpenOptions::default()).unwrap();
        let shuffled = data.clone().with_shuffled_labels(1);
        let counts = |images: &Images| {
            let mut counts = vec![0; images.classes()];
            images.labels().iter().for_each(|&label| counts[label as usize] += 1);
            counts
        };
        assert_eq!(counts(&shuffled.train), counts(&data.train));
        assert_eq!(shuffled.train.read(3..5), data.train.read(3..5));
        let same = shuffled.train.labels().iter().zip(data.train.labels()).filter(|(a, b)| a == b);
        let chance = data.train.len() as f64 / data.train.classes() as f64;
        assert!((same.count() as f64) < 1.2 * chance);
        assert_eq!(shuffled.test, data.test);
        assert_eq!(shuffled, data.clone().with_shuffled_labels(1));
        assert_ne!(shuffled, data.with_shuffled_labels(2));
    }

    #[test]
    fn classes_without_names_are_numbers() {
        let images = Images::from_bytes([1, 1, 1], 2, vec![0, 1], vec![0, 1]).unwrap();
        let class_names = vec!["zero".to_string()];
        let data = Dataset {
            name: "d".into(),
            train: images.clone(),
            test: images,
            class_names,
            reading: None,
            warnings: Vec::new(),
        };
        assert_eq!((data.class_name(0), data.class_name(1)), ("zero".into(), "1".into()));
    }
}
