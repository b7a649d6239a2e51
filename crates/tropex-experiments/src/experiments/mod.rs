//! The experiments, one per file, grouped by subject.
//!
//! To add one: a file with an `ENTRY` and a type that implements [`Experiment`], whose fields are
//! its parameters; its line in the `mod.rs` of its group; and its line in [`EXPERIMENTS`] of `registry.rs`.

mod compare;
mod epoch_answers;
mod experiment;
mod fingerprint;
mod function;
mod regions;
mod registry;
mod request;
mod run_experiments;
mod run_part;
mod shifts;
mod terms;

pub(crate) use compare::{networks, random_labels};
pub use experiment::{
    ConfiguredExperiment, Experiment, ExperimentEntry, ExperimentInputs, Parameters, Scope,
};
pub(crate) use function::{generalization, leave_one_out};
pub(crate) use regions::count;
pub use registry::{EXPERIMENTS, descriptions, find};
pub use request::{ExperimentRequest, RunInput};
pub use run_experiments::{ExperimentReport, run_experiments};
pub use run_part::{ExperimentPart, require_divisible, run_experiment_part};
pub(crate) use terms::{coefficients, similarity};
