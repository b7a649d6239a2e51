//! Runs: the steps from a run to terms, and their results, computed once.

pub mod onnx;
pub mod pipeline;
mod predicted_terms;
mod progress;
mod run_context;
mod settings;
mod trained_epoch;

pub use pipeline::{EvaluateSettings, ExtractSettings, TermEvaluation};
pub(crate) use pipeline::{check_data, network, open_terms, predict, term_points};
pub use predicted_terms::PredictedTerms;
pub(crate) use progress::ProgressReporter;
pub use progress::{ProgressFn, TaskProgress};
pub use run_context::RunContext;
pub use settings::RunSettings;
pub use trained_epoch::{TrainedEpoch, TrainedEpochs};
