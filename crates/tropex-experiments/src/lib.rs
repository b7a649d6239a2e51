//! From datasets and trained networks to answers: training, extraction and evaluation in one flow,
//! and the experiments that ask how networks generalize.
//!
//! This crate joins `tropex-train` (images and modules) with `tropex-extract` (networks and terms).
//! [`EXPERIMENTS`] lists the questions, [`experiments::run_experiments`] answers them, and
//! [`study::Study`] trains networks and runs experiments on them.
//!
//! Every folder imports only from those above it in this list:
//!
//! | folder | content |
//! |---|---|
//! | [`data`] | points: images, subsets, moved images, random points |
//! | [`statistics`] | means, quantiles, correlations, singular values |
//! | [`render`] | figures and pictures as SVG and PNG |
//! | [`run`] | a run with its terms, predictions and winning terms |
//! | [`report`] | findings, tables, pages |
//! | [`query`] | queries about the terms and regions of a run |
//! | [`explorer`] | pages to explore linear regions |
//! | [`experiments`] | the experiments, a file each |
//! | [`study`] | plans of many runs and experiments |

pub mod data;
mod error;
pub mod experiments;
pub mod explorer;
pub mod query;
pub mod render;
pub mod report;
pub mod run;
pub mod statistics;
pub mod study;
mod unit;

pub use data::{ImagePoints, Split};
pub use error::Error;
pub use experiments::EXPERIMENTS;
pub use run::{
    EvaluateSettings, ExtractSettings, ProgressFn, RunContext, RunSettings, TaskProgress,
    TrainedEpoch, TrainedEpochs, onnx, pipeline,
};
