//! A dataset of Burn as a source of points. Needs the Cargo feature `dataset`.

use std::error::Error as StdError;
use std::marker::PhantomData;
use std::ops::Range;

use burn::data::dataset::Dataset;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::PointSource;

/// Points of a [`burn::data::dataset::Dataset`], read item by item.
///
/// ```
/// use burn::data::dataset::InMemDataset;
/// use tropex_extract::PointSource;
/// use tropex_extract::points::DatasetPoints;
///
/// // Items of two values and a class.
/// let items = InMemDataset::new(vec![([0.5, 1.0], 0), ([0.0, 2.0], 1)]);
/// let points = DatasetPoints::new(items, |(values, class): ([f32; 2], usize)| {
///     (values.to_vec(), class)
/// })?;
/// assert_eq!((points.len(), points.features(), points.label(1)), (2, 2, 1));
/// assert_eq!(points.read(1..2), [0.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DatasetPoints<D, I, E, F> {
    dataset: D,
    point_of: F,
    features: usize,
    labels: Vec<usize>,
    fingerprint: String,
    item: PhantomData<fn() -> Result<I, E>>,
}

/// Why the items of a dataset are not points.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetPointsError<E: StdError + 'static> {
    /// The dataset does not return an item.
    #[error("item {index} of the dataset: {source}")]
    Item {
        /// Index of the item.
        index: usize,
        /// Error of the dataset.
        source: E,
    },
    /// An item has another number of values than the first item.
    #[error("item {index} of the dataset has {found} values, expected {expected}")]
    Features {
        /// Index of the item.
        index: usize,
        /// Values of the item.
        found: usize,
        /// Values of the first item.
        expected: usize,
    },
    /// The dataset has no items, or its items have no values.
    #[error("the dataset has no values")]
    Empty,
}

impl<D, I, E, F> DatasetPoints<D, I, E, F>
where
    D: Dataset<I, E>,
    E: StdError + Send + Sync + 'static,
    F: Fn(I) -> (Vec<f32>, usize) + Sync,
{
    /// Reads the dataset once, for its labels and its fingerprint. `point_of` returns the values
    /// and the true class of an item.
    ///
    /// # Errors
    /// [`DatasetPointsError`]: an item cannot be read, or the items are not points of equal length.
    pub fn new(dataset: D, point_of: F) -> Result<Self, DatasetPointsError<E>> {
        let (mut hash, mut labels, mut features) = (Sha256::new(), Vec::new(), None);
        for index in 0..dataset.len() {
            let item = dataset.get(index);
            let item = item.map_err(|source| DatasetPointsError::Item { index, source })?;
            let (values, label) = point_of(item);
            let (found, expected) = (values.len(), *features.get_or_insert(values.len()));
            if found != expected {
                return Err(DatasetPointsError::Features { index, found, expected });
            }
            values.iter().for_each(|value| hash.update(value.to_le_bytes()));
            hash.update((label as u64).to_le_bytes());
            labels.push(label);
        }
        let features = features.filter(|&count| count > 0).ok_or(DatasetPointsError::Empty)?;
        let fingerprint = tropex_files::hex(&hash.finalize());
        Ok(Self { dataset, point_of, features, labels, fingerprint, item: PhantomData })
    }
}

impl<D, I, E, F> PointSource for DatasetPoints<D, I, E, F>
where
    D: Dataset<I, E>,
    E: StdError + Send + Sync + 'static,
    F: Fn(I) -> (Vec<f32>, usize) + Sync,
{
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn features(&self) -> usize {
        self.features
    }

    /// An item that can no longer be read ends the values early, which extraction reports as an
    /// error.
    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let items = range.map_while(|index| self.dataset.get(index).ok());
        items.flat_map(|item| (self.point_of)(item).0).collect()
    }

    fn label(&self, point: usize) -> usize {
        self.labels[point]
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

#[cfg(test)]
mod tests {
    use burn::data::dataset::InMemDataset;

    use super::*;

    fn points(items: Vec<(Vec<f32>, usize)>) -> Result<impl PointSource, String> {
        let points = DatasetPoints::new(InMemDataset::new(items), |item| item);
        points.map_err(|error| error.to_string())
    }

    #[test]
    fn items_are_read_in_their_order() {
        let source = points(vec![(vec![1.0, 2.0], 3), (vec![4.0, 5.0], 6)]).unwrap();
        assert_eq!((source.len(), source.features()), (2, 2));
        assert_eq!((source.label(0), source.label(1)), (3, 6));
        assert_eq!(source.read(0..2), [1.0, 2.0, 4.0, 5.0]);
        let other = points(vec![(vec![1.0, 2.0], 3), (vec![4.0, 5.0], 5)]).unwrap();
        assert_ne!(source.fingerprint(), other.fingerprint());
    }

    #[test]
    fn items_of_different_lengths_are_refused() {
        let error = points(vec![(vec![1.0], 0), (vec![1.0, 2.0], 0)]).err().unwrap();
        assert_eq!(error, "item 1 of the dataset has 2 values, expected 1");
        assert_eq!(points(Vec::new()).err().unwrap(), "the dataset has no values");
    }
}
