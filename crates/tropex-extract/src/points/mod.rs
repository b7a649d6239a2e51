//! Sources of points for an extraction.

#[cfg(feature = "dataset")]
mod dataset;
mod source;
mod tensor;

#[cfg(feature = "dataset")]
pub use dataset::{DatasetPoints, DatasetPointsError};
pub use source::{PointSource, PointSubset};
pub(crate) use source::{read, sample};
pub use tensor::TensorPoints;
