//! From datasets and trained networks to answers: training, extraction and evaluation in one flow,
//! and the experiments that ask how networks generalize.
//!
//! This crate joins `tropex-train`, which knows images and modules, with `tropex-extract`, which
//! knows networks and terms. [`EXPERIMENTS`] lists the questions, [`runner::run`] answers them.

mod alike;
pub mod assign;
mod enlarged;
mod error;
pub mod experiment;
pub mod experiments;
mod fingerprint;
mod history;
pub mod linear_terms;
mod made_by;
mod markup;
mod moment;
pub mod picture;
pub mod pipeline;
mod png;
mod points;
pub mod precision;
pub mod random_points;
pub mod rays;
pub mod regions;
pub mod report;
pub mod runner;
mod settings;
pub mod shift;
pub mod statistics;
pub mod study;
mod subject;
pub mod whereabouts;

pub use error::Error;
pub use experiments::EXPERIMENTS;
pub use moment::{Moment, Moments};
pub use pipeline::{EvaluateSettings, ExtractSettings, Split};
pub use points::ImagePoints;
pub use settings::Settings;
pub use subject::{Subject, Watch};
