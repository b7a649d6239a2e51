//! Sources of points for an extraction.

mod source;

pub use source::{PointSource, PointSubset};
pub(crate) use source::{read, sample};
