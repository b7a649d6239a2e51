//! Extract the linear terms of piecewise-linear neural networks, on Burn.
//!
//! This crate is the front door: it re-exports what the three library crates offer, and knows the
//! devices of a build by name.

pub mod device;

pub use tropex_experiments as experiments;
pub use tropex_extract as extract;
pub use tropex_train as train;

pub use tropex_extract::{
    Classes, Error, ExtractedFunction, Extractor, Gauge, Network, Placement, PointSource,
    Precision, SelfCheck, TermStore, Terms, capture,
};
