//! What is asked for: experiments, and the runs that they examine.

use tropex_extract::Devices;
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use super::experiment::{ExperimentEntry, Parameters};
use crate::run::{PartMode, RunSettings, TrainedEpochs};

/// A run and its dataset.
#[derive(Clone, Debug)]
pub struct RunInput {
    /// The run.
    pub run: Run,
    /// The dataset as the run used it.
    pub dataset: Dataset,
}

/// Experiments, and the runs that they examine.
#[derive(Debug)]
pub struct ExperimentRequest<'a> {
    /// The runs.
    pub inputs: &'a [RunInput],
    /// The experiments with the parameters that differ from their defaults.
    pub experiments: Vec<(&'static ExperimentEntry, Parameters)>,
    /// The epochs at which runs are examined.
    pub epochs: TrainedEpochs,
    /// The terms and images of the runs that are used.
    pub settings: RunSettings,
    /// The devices of all computations. Several devices share extractions and assignments.
    pub devices: &'a Devices,
    /// Whether known findings are computed again.
    pub again: bool,
    /// Where results for single points come from.
    pub mode: PartMode,
}
