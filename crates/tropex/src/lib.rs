#![doc = include_str!("../../../README.md")]

pub mod device;

/// Networks from ONNX files.
pub mod onnx {
    pub use tropex_experiments::onnx::capture_onnx as capture;
    pub use tropex_onnx::{DroppedNode, OnnxError, OnnxModel, OnnxOptions, UnsupportedNode};
}

pub use tropex_bounds as bounds;
pub use tropex_experiments as experiments;
pub use tropex_extract as extract;
pub use tropex_geometry as geometry;
pub use tropex_train as train;

pub use tropex_extract::{
    Classes, ComputeTarget, Devices, Error, ExtractedFunction, Extractor, Gauge, Network,
    PointSource, Precision, SelfCheck, Shifts, TermStore, Terms, Violations, capture,
};
