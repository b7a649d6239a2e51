//! A batch of points in a tensor as a source of points.

use std::ops::Range;

use burn::tensor::Tensor;

use super::{PointSource, SlicePoints};
use crate::{Error, Precision};
use tropex_kernels::read;

/// The points of a tensor, copied to the host.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use tropex_extract::PointSource;
/// use tropex_extract::points::TensorPoints;
///
/// let images = Tensor::<4>::ones([5, 1, 2, 3], &Device::flex());
/// let points = TensorPoints::new(images)?.with_labels(vec![0, 1, 2, 1, 0])?;
/// assert_eq!((points.len(), points.features(), points.label(2)), (5, 6, 2));
/// # }
/// # Ok::<(), tropex_extract::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TensorPoints {
    values: Vec<f32>,
    features: usize,
    labels: Vec<usize>,
}

impl TensorPoints {
    /// The points of a tensor, all with label 0.
    ///
    /// # Shapes
    /// - points: `[n, ...]`, one point per row; the other axes are flattened
    ///
    /// # Errors
    /// [`Error::Device`]: the tensor cannot be computed. [`Error::Shape`]: it holds no numbers.
    pub fn new<const D: usize>(points: Tensor<D>) -> Result<Self, Error> {
        let shape = points.dims();
        let features = shape[1..].iter().product();
        if shape[0] == 0 || features == 0 {
            return Err(Error::shape(
                "shape of the points",
                format!("{shape:?}"),
                "no extent of 0",
            ));
        }
        let values = read(points)?.convert_dtype(Precision::F32.dtype());
        let values = values.iter::<f32>().collect();
        Ok(Self { values, features, labels: vec![0; shape[0]] })
    }

    /// The points with their true classes.
    ///
    /// # Errors
    /// [`Error::Shape`]: the numbers of labels and points differ.
    pub fn with_labels(self, labels: Vec<usize>) -> Result<Self, Error> {
        if labels.len() != self.len() {
            return Err(Error::shape("labels", labels.len(), self.len()));
        }
        Ok(Self { labels, ..self })
    }
}

impl TensorPoints {
    fn as_slices(&self) -> SlicePoints<'_> {
        SlicePoints { values: &self.values, features: self.features, labels: &self.labels }
    }
}

impl PointSource for TensorPoints {
    fn len(&self) -> usize {
        self.as_slices().len()
    }

    fn features(&self) -> usize {
        self.features
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.as_slices().read(range)
    }

    fn label(&self, point: usize) -> usize {
        self.labels[point]
    }

    fn fingerprint(&self) -> String {
        self.as_slices().fingerprint()
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn points() -> TensorPoints {
        let data = TensorData::new((0..12).map(|i| i as f32).collect(), [3, 2, 2]);
        TensorPoints::new(Tensor::<3>::from_data(data, &Device::flex())).unwrap()
    }

    #[test]
    fn rows_are_points_in_row_major_order() {
        let points = points();
        assert_eq!((points.len(), points.features(), points.label(2)), (3, 4, 0));
        assert_eq!(points.read(1..3), (4..12).map(|i| i as f32).collect::<Vec<_>>());
    }

    #[test]
    fn labels_are_counted_and_change_the_fingerprint() {
        let labelled = points().with_labels(vec![2, 0, 1]).unwrap();
        assert_eq!(labelled.label(0), 2);
        assert_ne!(labelled.fingerprint(), points().fingerprint());
        assert_eq!(points().fingerprint(), points().fingerprint());
        assert!(matches!(points().with_labels(vec![0]), Err(Error::Shape { .. })));
        let empty = Tensor::<2>::zeros([2, 0], &Device::flex());
        assert!(matches!(TensorPoints::new(empty), Err(Error::Shape { .. })));
    }
}
