#![doc = include_str!("../../../README.md")]

pub mod device;

pub use tropex_experiments as experiments;
pub use tropex_extract as extract;
pub use tropex_train as train;

pub use tropex_extract::{
    Classes, Devices, Error, ExtractedFunction, Extractor, Gauge, Network, Placement, PointSource,
    Precision, SelfCheck, Shifts, TermStore, Terms, Violations, capture,
};
