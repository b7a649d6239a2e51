//! Where the points of an extraction come from.

mod source;

pub use source::{PointSource, PointSubset};
pub(crate) use source::{read, sample};
