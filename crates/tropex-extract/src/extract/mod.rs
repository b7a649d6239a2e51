//! Extraction of the terms of a batch of points.

mod extractor;

pub use extractor::Extractor;
