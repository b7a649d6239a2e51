//! Datasets of four IDX files: images and labels, for training and for testing.

use std::path::{Path, PathBuf};

use super::download::RemoteFile;
use super::error::DataError;
use super::images::Images;
use super::published::PublishedDataset;
use super::source::{DatasetSource, FileLookup, FileSearch};
use super::{Dataset, OpenOptions, idx, regular_file};

/// Names without `.gz`: training images and labels, test images and labels.
pub(crate) const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Shape of the images: one channel of 28 x 28 pixels.
pub(crate) const SHAPE: [usize; 3] = [1, 28, 28];
/// Classes of these datasets.
pub(crate) const CLASSES: usize = 10;

/// Opens the dataset of `source`, after a download if necessary.
pub(crate) fn open(
    source: &DatasetSource<'_>,
    class_names: [&str; CLASSES],
    options: &OpenOptions<'_>,
) -> Result<Dataset, DataError> {
    let files = FileSearch::new(source.name, options).run(source, find)?;
    let mut dataset = read(source.name, class_names, &files)?;
    let folder = files[0].parent().unwrap_or(Path::new("."));
    dataset.warnings.extend(PublishedDataset::mismatch(&dataset, folder));
    Ok(dataset)
}

/// Finds the four files in `folder`.
pub(crate) fn find(folder: &Path) -> Result<FileLookup<[PathBuf; 4]>, DataError> {
    let mut found = [const { None }; 4];
    for (name, path) in FILES.into_iter().zip(&mut found) {
        *path = regular_file::first_existing(spellings(name).map(|name| folder.join(name)))?;
    }
    let lacking = FILES.iter().zip(&found).filter(|(_, path)| path.is_none());
    let lacking = lacking.map(|(name, _)| format!("{name}.gz")).collect();
    Ok(match found {
        [Some(a), Some(b), Some(c), Some(d)] => FileLookup::Found([a, b, c, d]),
        _ => FileLookup::Missing(lacking),
    })
}

/// The names of one file: published, decompressed, and as renamed by some archives.
fn spellings(name: &str) -> impl Iterator<Item = String> {
    let renamed = name.replace("-idx", ".idx");
    [name.to_string(), renamed].into_iter().flat_map(|name| [name.clone(), format!("{name}.gz")])
}

/// Reads the files, in the order of [`FILES`], with any number of images.
pub(crate) fn read(
    name: &str,
    class_names: [&str; CLASSES],
    files: &[PathBuf; 4],
) -> Result<Dataset, DataError> {
    let [train_images, train_labels, test_images, test_labels] = files;
    Ok(Dataset {
        name: name.to_string(),
        train: read_split(train_images, train_labels)?,
        test: read_split(test_images, test_labels)?,
        class_names: class_names.map(String::from).to_vec(),
        reading: None,
        warnings: Vec::new(),
    })
}

fn read_split(images_path: &Path, labels_path: &Path) -> Result<Images, DataError> {
    let [_, height, width] = SHAPE;
    let pixels = idx::read_images(images_path, [height, width])?;
    let labels = idx::read_labels(labels_path)?;
    let images = pixels.len() / (height * width);
    if images != labels.len() {
        return Err(DataError::Count {
            images_path: images_path.to_path_buf(),
            images,
            labels_path: labels_path.to_path_buf(),
            labels: labels.len(),
        });
    }
    let labels = labels.into_iter().map(u32::from).collect();
    Images::from_bytes(SHAPE, CLASSES, pixels, labels)
        .map_err(|problem| DataError::Images { place: labels_path.display().to_string(), problem })
}

/// The four files for download, in the order of [`FILES`].
pub(crate) const fn remote_files(
    sizes: [u64; 4],
    sums: [&'static str; 4],
) -> [RemoteFile<'static>; 4] {
    const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ];
    [
        RemoteFile { name: NAMES[0], size: sizes[0], sha256: sums[0] },
        RemoteFile { name: NAMES[1], size: sizes[1], sha256: sums[1] },
        RemoteFile { name: NAMES[2], size: sizes[2], sha256: sums[2] },
        RemoteFile { name: NAMES[3], size: sizes[3], sha256: sums[3] },
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::idx::tests::{gzip, idx_file};
    use super::*;

    const SOURCE: DatasetSource<'static> = DatasetSource {
        name: "digits",
        subfolders: &["digits", "Digits/raw"],
        system: None,
        mirrors: &[],
        files: &remote_files([1; 4], [""; 4]),
    };

    /// Three images for training, two for testing; every second file compressed.
    fn write_set(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let pixels: Vec<u8> = (0..3 * 784).map(|i| i as u8).collect();
        let files = [
            idx_file(&[3, 28, 28], &pixels),
            idx_file(&[3], &[0, 9, 4]),
            idx_file(&[2, 28, 28], &pixels[..2 * 784]),
            idx_file(&[2], &[1, 2]),
        ];
        for (i, (name, file)) in FILES.iter().zip(files).enumerate() {
            if i % 2 == 0 {
                fs::write(folder.join(format!("{name}.gz")), gzip(&file)).unwrap();
            } else {
                fs::write(folder.join(name), file).unwrap();
            }
        }
    }

    fn open_in(search: &FileSearch<'_>) -> Result<Dataset, DataError> {
        read("digits", [""; 10], &search.run(&SOURCE, find)?)
    }

    fn message(search: &FileSearch<'_>) -> String {
        open_in(search).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_subset_from_folder_subfolder_or_cache() {
        let dir = TempDir::new().unwrap();
        for place in ["plain", "outer/digits", "torch/Digits/raw"] {
            write_set(&dir.path().join(place));
        }
        for given in ["plain", "outer", "torch"] {
            let search = FileSearch::offline(Some(&dir.path().join(given)), dir.path());
            let data = open_in(&search).unwrap();
            assert_eq!((data.train.len(), data.test.len()), (3, 2));
            assert_eq!(data.train.labels(), [0, 9, 4]);
            assert_eq!(data.train.read(1..2)[1], ((785 % 256) as f32) / 255.0);
        }
        let cached = open_in(&FileSearch::offline(None, &dir.path().join("plain"))).unwrap();
        assert_eq!(cached.test.labels(), [1, 2]);
    }

    #[test]
    fn accepts_names_with_a_dot() {
        let dir = TempDir::new().unwrap();
        write_set(dir.path());
        let dotted = dir.path().join("train-labels.idx1-ubyte");
        fs::rename(dir.path().join(FILES[1]), dotted).unwrap();
        assert!(open_in(&FileSearch::offline(Some(dir.path()), dir.path())).is_ok());
    }

    #[test]
    fn names_the_file_that_is_missing() {
        let dir = TempDir::new().unwrap();
        write_set(&dir.path().join("digits"));
        fs::remove_file(dir.path().join("digits").join(FILES[1])).unwrap();
        let text = message(&FileSearch::offline(Some(dir.path()), dir.path()));
        assert!(text.contains("digits: no train-labels-idx1-ubyte.gz in"), "{text}");
        assert!(text.ends_with("or name no folder to use the cache"), "{text}");
    }

    #[test]
    fn says_what_to_do_without_network() {
        let dir = TempDir::new().unwrap();
        let text = message(&FileSearch::offline(None, dir.path()));
        assert!(text.starts_with("cannot download digits (downloads are switched off)"), "{text}");
        assert!(text.contains("t10k-labels-idx1-ubyte.gz into"), "{text}");
        assert!(!text.contains("--"), "{text}");
        assert!(!text.contains('\n'));
    }

    #[test]
    fn refuses_labels_that_do_not_fit() {
        let dir = TempDir::new().unwrap();
        write_set(dir.path());
        let labels = dir.path().join(FILES[1]);
        let search = FileSearch::offline(Some(dir.path()), dir.path());
        fs::write(&labels, idx_file(&[2], &[0, 1])).unwrap();
        assert!(message(&search).contains("holds 3 images but"));
        fs::write(&labels, idx_file(&[3], &[0, 10, 1])).unwrap();
        let text = message(&search);
        assert!(text.contains("train-labels-idx1-ubyte: label 10 of image 1"), "{text}");
    }

    #[test]
    fn a_folder_with_the_name_of_a_file_is_an_error() {
        let dir = TempDir::new().unwrap();
        write_set(dir.path());
        let labels = dir.path().join(FILES[1]);
        fs::remove_file(&labels).unwrap();
        fs::create_dir(&labels).unwrap();
        let search = FileSearch::offline(Some(dir.path()), dir.path());
        let text = message(&search);
        assert!(
            text.contains("train-labels-idx1-ubyte: it is a folder, expected a file"),
            "{text}"
        );
        // A file with another of its names is found.
        let dotted = dir.path().join("train-labels.idx1-ubyte");
        fs::write(dotted, idx_file(&[3], &[0, 9, 4])).unwrap();
        assert!(open_in(&search).is_ok());
    }

    #[test]
    fn names_the_damaged_file() {
        let dir = TempDir::new().unwrap();
        write_set(dir.path());
        fs::write(dir.path().join("t10k-images-idx3-ubyte.gz"), b"<html>not found").unwrap();
        let text = message(&FileSearch::offline(Some(dir.path()), dir.path()));
        assert!(text.contains("t10k-images-idx3-ubyte.gz: starts with"), "{text}");
    }
}
