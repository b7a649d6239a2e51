//! Statistics of terms, points and classes, in f64.

mod contingency;
mod pairs;
mod ranks;
mod spectrum;
mod summary;

pub use contingency::Contingency;
pub use pairs::{PairMeasures, Rows};
pub use ranks::{median, quantiles};
pub use spectrum::{Spectrum, singular_values};
pub use summary::Summary;

/// Share of `count` in `all`: NaN, which stands for nothing to measure, where there are none.
pub fn share(count: usize, all: usize) -> f64 {
    count as f64 / all as f64
}

/// Share of the pairs that are equal.
pub fn agreement(first: &[usize], second: &[usize]) -> f64 {
    share(first.iter().zip(second).filter(|(a, b)| a == b).count(), first.len())
}
