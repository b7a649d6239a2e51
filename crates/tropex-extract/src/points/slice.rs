//! Points in memory of the caller as a source of points.

use std::ops::Range;

use super::PointSource;
use super::fingerprint::PointHash;
use crate::Error;

/// Points that are borrowed from the caller.
///
/// ```
/// use tropex_extract::PointSource;
/// use tropex_extract::points::SlicePoints;
///
/// let points = SlicePoints::new(&[0.5, 1.0, 0.0, 2.0], 2, &[0, 1])?;
/// assert_eq!((points.len(), points.features(), points.label(1)), (2, 2, 1));
/// # Ok::<(), tropex_extract::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlicePoints<'a> {
    pub(super) values: &'a [f32],
    pub(super) features: usize,
    pub(super) labels: &'a [usize],
}

impl<'a> SlicePoints<'a> {
    /// Points with their true classes.
    ///
    /// # Shapes
    /// - values: `[points, features]`, row by row
    /// - labels: `[points]`
    ///
    /// # Errors
    /// [`Error::Shape`]: the number of values is not that of all labels.
    pub fn new(values: &'a [f32], features: usize, labels: &'a [usize]) -> Result<Self, Error> {
        let expected = labels.len().saturating_mul(features);
        if values.len() != expected || expected == 0 {
            let expected = format!("{features} for each of the {} labels", labels.len());
            return Err(Error::shape("values of the points", values.len(), expected));
        }
        Ok(Self { values, features, labels })
    }
}

impl PointSource for SlicePoints<'_> {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn features(&self) -> usize {
        self.features
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.values[range.start * self.features..range.end * self.features].to_vec()
    }

    fn label(&self, point: usize) -> usize {
        self.labels[point]
    }

    fn fingerprint(&self) -> String {
        let mut hash = PointHash::new(self.features);
        hash.add(self.values);
        hash.finish(self.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_how_many_points_there_are() {
        let values = [1.0, 2.0, 3.0, 4.0];
        let points = SlicePoints::new(&values, 2, &[5, 6]).unwrap();
        assert_eq!((points.read(1..2), points.label(1)), (vec![3.0, 4.0], 6));
        for (features, labels) in [(2, &[1][..]), (3, &[1, 2]), (2, &[]), (0, &[1])] {
            assert!(matches!(
                SlicePoints::new(&values, features, labels),
                Err(Error::Shape { .. })
            ));
        }
    }
}
