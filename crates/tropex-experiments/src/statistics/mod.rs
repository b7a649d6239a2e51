//! Statistics of terms, points and classes, in f64.

mod contingency;
mod interval;
mod pairs;
mod ranks;
mod row_matrix;
mod shares;
mod spectrum;
mod summary;

pub use contingency::Contingency;
pub use interval::wilson_interval;
pub use pairs::PairMeasures;
pub use ranks::{median, quantiles};
pub use row_matrix::RowMatrix;
pub use shares::{agreement, share};
pub use spectrum::{Spectrum, singular_values};
pub use summary::Summary;
