//! From datasets and trained networks to answers: training, extraction and evaluation in one flow.
//!
//! This crate joins `tropex-train`, which knows images and modules, with `tropex-extract`, which
//! knows networks and terms.

pub mod assign;
mod error;
pub mod picture;
pub mod pipeline;
mod points;
pub mod regions;

pub use error::Error;
pub use pipeline::{EvaluateSettings, ExtractSettings, Split};
pub use points::ImagePoints;
