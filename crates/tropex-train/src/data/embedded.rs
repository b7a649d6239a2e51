//! Images inside the binary: the first 5,000 training and 1,000 test images of Fashion-MNIST.
//!
//! The files in `assets/embedded` have the first images and labels of the published files, with
//! adapted counts in their headers, compressed by zopfli. Their MIT licence is beside them.

use super::error::DataError;
use super::fashion_mnist::CLASS_NAMES;
use super::idx;
use super::idx_dataset::{CLASSES, SHAPE};
use super::images::Images;
use super::{Dataset, DatasetEntry, OpenOptions};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "embedded",
    summary: "the first 5,000 + 1,000 images of Fashion-MNIST, inside this program",
    shape: SHAPE,
    classes: CLASSES,
    open,
};

const TRAIN_IMAGES: &[u8] = include_bytes!("../../assets/embedded/train-images-idx3-ubyte.gz");
const TRAIN_LABELS: &[u8] = include_bytes!("../../assets/embedded/train-labels-idx1-ubyte.gz");
const TEST_IMAGES: &[u8] = include_bytes!("../../assets/embedded/t10k-images-idx3-ubyte.gz");
const TEST_LABELS: &[u8] = include_bytes!("../../assets/embedded/t10k-labels-idx1-ubyte.gz");

fn open(_: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    Ok(Dataset {
        name: ENTRY.name.to_string(),
        train: read_split(TRAIN_IMAGES, TRAIN_LABELS)?,
        test: read_split(TEST_IMAGES, TEST_LABELS)?,
        class_names: CLASS_NAMES.map(String::from).to_vec(),
        reading: None,
        warnings: Vec::new(),
    })
}

fn read_split(images: &[u8], labels: &[u8]) -> Result<Images, DataError> {
    let damaged = |problem| DataError::Idx { path: "embedded".into(), problem };
    let [_, height, width] = SHAPE;
    let pixels = idx::read(images, images.len() as u64, &[height, width]).map_err(damaged)?;
    let labels = idx::read(labels, labels.len() as u64, &[]).map_err(damaged)?;
    let labels = labels.into_iter().map(u32::from).collect();
    Images::from_bytes(SHAPE, CLASSES, pixels, labels)
        .map_err(|problem| DataError::Images { place: ENTRY.name.to_string(), problem })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::published::PublishedDataset;
    use super::super::source::FileLookup;
    use super::super::{fashion_mnist, idx_dataset};
    use super::*;

    #[test]
    fn holds_images_of_every_class() {
        let data = open(&OpenOptions::default()).unwrap();
        assert_eq!((data.train.len(), data.test.len()), (5000, 1000));
        for (split, least) in [(&data.train, 450), (&data.test, 80)] {
            for class in 0..10 {
                let count = split.labels().iter().filter(|&&label| label == class).count();
                assert!(count >= least, "{count} images of class {class}");
            }
        }
    }

    #[test]
    fn the_embedded_files_are_small() {
        let files = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS];
        assert!(files.iter().map(|file| file.len()).sum::<usize>() <= 3_000_000);
    }

    #[test]
    fn equals_the_published_images_where_they_are_installed() {
        let folder = fashion_mnist::SOURCE.system.unwrap();
        let FileLookup::Found(files) = idx_dataset::find(Path::new(folder)).unwrap() else {
            return;
        };
        let whole = idx_dataset::read("embedded", CLASS_NAMES, &files).unwrap();
        assert_eq!((whole.train.len(), whole.test.len()), (60_000, 10_000));
        let data = open(&OpenOptions::default()).unwrap();
        assert!(data.train == whole.train.select(0..5000));
        assert!(data.test == whole.test.select(0..1000));
        assert_eq!(
            PublishedDataset::mismatch(
                &Dataset { name: "fashion-mnist".into(), ..whole },
                Path::new("")
            ),
            None
        );
    }
}
