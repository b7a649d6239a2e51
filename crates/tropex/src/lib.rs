#![doc = include_str!("../../../README.md")]

pub mod device;

/// Networks from ONNX files.
pub mod onnx {
    pub use tropex_experiments::onnx::{
        capture_onnx as capture, capture_onnx_bytes as capture_bytes,
    };
    pub use tropex_onnx::{DroppedNode, OnnxError, OnnxModel, OnnxOptions, UnsupportedNode};
}

pub use tropex_bounds as bounds;
pub use tropex_experiments as experiments;
pub use tropex_extract as extract;
pub use tropex_geometry as geometry;
pub use tropex_train as train;

pub use tropex_extract::{
    Classes, ComputeTarget, Devices, Error, ExtractOptions, ExtractedFunction, Extractor, Gauge,
    LinearTerms, Network, PointSource, Precision, SelfCheck, Shifts, TermStore, Terms,
    UnsupportedOperation, Violations, capture,
};

/// The chapters of the manual, whose code is compiled and run as documentation tests.
#[cfg(doctest)]
mod docs {
    #[doc = include_str!("../../../docs/bounds.md")]
    mod bounds {}
    #[doc = include_str!("../../../docs/burn.md")]
    mod burn {}
    #[doc = include_str!("../../../docs/cookbook.md")]
    mod cookbook {}
    #[doc = include_str!("../../../docs/crate.md")]
    mod own_crate {}
    #[doc = include_str!("../../../docs/devices.md")]
    mod devices {}
    #[doc = include_str!("../../../docs/exactness.md")]
    mod exactness {}
    #[doc = include_str!("../../../docs/experiments.md")]
    mod experiments {}
    #[doc = include_str!("../../../docs/extraction.md")]
    mod extraction {}
    #[doc = include_str!("../../../docs/faq.md")]
    mod faq {}
    #[doc = include_str!("../../../docs/function.md")]
    mod function {}
    #[doc = include_str!("../../../docs/getting-started.md")]
    mod getting_started {}
    #[doc = include_str!("../../../docs/glossary.md")]
    mod glossary {}
    #[doc = include_str!("../../../docs/import.md")]
    mod import {}
    #[doc = include_str!("../../../docs/parts.md")]
    mod parts {}
    #[doc = include_str!("../../../docs/performance.md")]
    mod performance {}
    #[doc = include_str!("../../../docs/python.md")]
    mod python {}
    #[doc = include_str!("../../../docs/regions.md")]
    mod regions {}
    #[doc = include_str!("../../../docs/results.md")]
    mod results {}
    #[doc = include_str!("../../../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../../../docs/training.md")]
    mod training {}
}
