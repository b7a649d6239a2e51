//! Labelled images, where they come from, and how they are read.
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
mod gzip;
mod idx;
mod idx_dataset;
mod images;
mod layout;
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
pub use file::FileError;
pub use idx::IdxError;
pub use images::{Images, ImagesError};
pub use layout::Layout;
pub use shapes::Shapes;
pub use subset::{Subset, SubsetRule, SubsetSummary};

/// Every dataset that has a name of its own.
pub const DATASETS: &[DatasetEntry] = &[
    mnist::ENTRY,
    fashion_mnist::ENTRY,
    fashion_mnist_32::ENTRY,
    cifar::ENTRY,
    shapes::ENTRY,
    embedded::ENTRY,
];

/// Before the path of a safetensors file, in place of a name.
pub(crate) const FILE_PREFIX: &str = "file:";

/// What is known of a dataset before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct DatasetEntry {
    /// The name it is opened by.
    pub name: &'static str,
    /// One line on what it holds.
    pub summary: &'static str,
    /// `[channels, height, width]` of an image.
    pub shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    open: fn(&OpenOptions<'_>) -> Result<Dataset, DataError>,
}

/// Where to look for files, and whether they may be downloaded.
#[derive(Clone, Default)]
pub struct OpenOptions<'a> {
    /// The only folder to look in; without it the cache (`TROPEX_DATA`, or the platform's cache
    /// folder), the system's packages, and a download.
    pub data_dir: Option<PathBuf>,
    /// Forbids downloads, as `TROPEX_OFFLINE=1` does.
    pub offline: bool,
    /// Where the channels stand in the images of `file:PATH`. Without it they are `[count,
    /// channels, height, width]`, and shapes that look like channels last are refused.
    pub layout: Option<Layout>,
    /// What `file:PATH` with one set of images holds out as the test split.
    pub held_out: HoldOut,
    /// Told about every piece of a download.
    pub progress: Option<&'a DownloadCallback<'a>>,
}

impl OpenOptions<'_> {
    /// The same for reading a dataset again as it was read before.
    #[must_use]
    pub fn as_read(self, reading: Option<FileReadOptions>) -> Self {
        match reading {
            Some(FileReadOptions { layout, held_out }) => {
                let held_out = held_out.unwrap_or_default();
                Self { layout: Some(layout), held_out, ..self }
            }
            None => self,
        }
    }
}

/// Which images of a single set are held out as the test split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldOut {
    /// A sixth, every class in its share.
    #[default]
    #[serde(rename = "every-class")]
    Stratified,
    /// The last sixth, whatever its classes: what earlier versions did.
    Last,
}

/// How a `file:PATH` was read, so that it can be read so again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReadOptions {
    /// Where the channels stand.
    pub layout: Layout,
    /// What was held out of a single set as the test split; none where the file has both splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HoldOut>,
}

impl FileReadOptions {
    /// What runs that record none were made with.
    pub(crate) const OF_OLD_RUNS: Self =
        Self { layout: Layout::Nchw, held_out: Some(HoldOut::Last) };
}

impl fmt::Debug for OpenOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("data_dir", &self.data_dir)
            .field("offline", &self.offline)
            .field("layout", &self.layout)
            .field("held_out", &self.held_out)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// Images for training and for testing, of one shape and with the same classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The name it was opened by.
    pub name: String,
    /// Images to train on.
    pub train: Images,
    /// Images to test on.
    pub test: Images,
    /// What the classes show, one name per class; empty where it is not known.
    pub class_names: Vec<String>,
    /// How it was read, where that is a choice.
    pub reading: Option<FileReadOptions>,
    /// What a user should know before relying on it.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// What was held out as test images, in words; `None` where they are a split of their own.
    pub fn held_out(&self) -> Option<String> {
        let of = self.train.len() + self.test.len();
        let taken = |rule| SubsetSummary { count: self.test.len(), of, rule: Some(rule) };
        Some(match self.reading?.held_out? {
            HoldOut::Stratified => taken(SubsetRule::DEFAULT).words("images"),
            HoldOut::Last => format!("the last {} of {of} images", self.test.len()),
        })
    }

    /// The same dataset with the labels of its training images in a random order; those of the test
    /// images stay true.
    pub fn with_shuffled_labels(self, seed: u64) -> Self {
        Self { train: self.train.with_shuffled_labels(seed), ..self }
    }

    /// What a class shows, or its number where that is not known.
    pub fn class_name(&self, class: usize) -> String {
        self.class_names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }
}

/// The name of a dataset whose path, if it has one, is relative to a folder.
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

/// Whether a dataset's name holds a path that depends on the folder one works in.
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
/// Where the name is unknown, or files are missing, damaged or cannot be downloaded.
pub fn open(name: &str, options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    if let Some(path) = name.strip_prefix(FILE_PREFIX) {
        return file::open(Path::new(path), options);
    }
    if options.layout.is_some() {
        return Err(DataError::Layout { dataset: name.to_string() });
    }
    match DATASETS.iter().find(|entry| entry.name == name) {
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
    fn datasets_without_files_are_what_their_entries_say() {
        for name in ["shapes", "embedded"] {
            let entry = DATASETS.iter().find(|entry| entry.name == name).unwrap();
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
    fn shuffled_labels_are_the_same_in_another_order() {
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
