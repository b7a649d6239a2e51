#![doc = include_str!("../../../README.md")]

pub mod device;

pub use tropex_bounds as bounds;
pub use tropex_experiments as experiments;
pub use tropex_extract as extract;
pub use tropex_geometry as geometry;
pub use tropex_train as train;

pub use tropex_extract::{
    Classes, ComputeTarget, Devices, Error, ExtractedFunction, Extractor, Gauge, Network,
    PointSource, Precision, SelfCheck, Shifts, TermStore, Terms, Violations, capture,
};
