//! The list of datasets.

use std::path::Path;

use super::dataset::Dataset;
use super::dataset_name::FILE_PREFIX;
use super::entry::DatasetEntry;
use super::error::DataError;
use super::open_options::OpenOptions;
use super::{cifar, embedded, fashion_mnist, fashion_mnist_32, file, mnist, shapes};
use crate::messages::hint;

/// Every named dataset.
pub const DATASETS: &[DatasetEntry] = &[
    mnist::ENTRY,
    fashion_mnist::ENTRY,
    fashion_mnist_32::ENTRY,
    cifar::ENTRY,
    shapes::ENTRY,
    embedded::ENTRY,
];

impl DatasetEntry {
    /// The entry of that name; `None` for other names and for files.
    pub fn find(name: &str) -> Option<&'static Self> {
        DATASETS.iter().find(|entry| entry.name == name)
    }
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
    use crate::data::Images;

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
        let names: Vec<_> = DATASETS.iter().map(|entry| entry.name).collect();
        let expected = format!("expected one of {}, or file:PATH", names.join(", "));
        assert_eq!(error, format!("unknown dataset `minst` (did you mean mnist?), {expected}"));
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
}
