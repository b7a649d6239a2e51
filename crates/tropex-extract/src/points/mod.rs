//! Sources of points for an extraction.

#[cfg(feature = "dataset")]
mod dataset;
mod fingerprint;
mod range;
mod slice;
mod source;
mod spool;
mod tensor;

#[cfg(feature = "dataset")]
pub use dataset::{DatasetPoints, DatasetPointsError};
pub use range::PointRange;
pub use slice::SlicePoints;
pub use source::{PointSource, PointSubset};
pub(crate) use source::{read, sample};
pub use spool::{PointSpool, SpooledPoints};
pub use tensor::TensorPoints;
