//! Runs: the steps from a run to terms, and their results, computed once.

mod assigned_points;
mod assignment_work;
mod evaluate;
pub mod onnx;
mod part_mode;
mod partial_files;
pub mod parts;
pub mod pipeline;
mod point_results;
mod pointwise;
mod predicted_terms;
mod progress;
mod run_context;
mod settings;
mod term_ranking;
mod trained_epoch;

pub(crate) use assigned_points::AssignedPoints;
pub(crate) use assignment_work::{AssignmentWork, BATCH as ASSIGNED_BATCH};
pub use evaluate::{EvaluateSettings, TermEvaluation, evaluate, evaluate_joined, evaluate_part};
pub use part_mode::PartMode;
pub use pipeline::ExtractSettings;
pub(crate) use pipeline::{check_data, network, predict, term_points};
pub use pointwise::PointwiseWork;
pub use predicted_terms::PredictedTerms;
pub use progress::{ProgressFn, TaskProgress};
pub use run_context::RunContext;
pub use settings::RunSettings;
pub use term_ranking::RankedPart;
pub(crate) use term_ranking::TermRanking;
pub use trained_epoch::{TrainedEpoch, TrainedEpochs};
