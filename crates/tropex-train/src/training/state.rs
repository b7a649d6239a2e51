//! The state of an interrupted training, in one file.

use std::path::Path;

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::{EpochMetrics, TrainError, Trainer};
use crate::weights::{Safetensors, Weights, WeightsError, write_safetensors};

/// Prefix of the keys of the weights; the other tensors are the state of the optimizer.
const WEIGHTS: &str = "weights.";
/// Header entry that holds a [`SavedTraining`].
const PROGRESS: &str = "progress";

/// The progress in the header of the file.
#[derive(Serialize, Deserialize)]
struct SavedTraining {
    steps: u64,
    metrics: Vec<EpochMetrics>,
}

impl Trainer<'_> {
    /// Writes the state after the last epoch, from which training can continue.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let progress =
            SavedTraining { steps: self.optimizer.steps(), metrics: self.metrics.clone() };
        let progress = serde_json::to_string(&progress).map_err(|error| damaged(path, error))?;
        let tensors = Weights::of(&self.classifier)
            .renamed(|key| format!("{WEIGHTS}{key}"))
            .merged(self.optimizer.state(&self.classifier));
        Ok(write_safetensors(path, &tensors, &[(PROGRESS, &progress)])?)
    }

    /// Continues from a state that [`save`](Self::save) wrote, with equal settings and data.
    ///
    /// The resulting weights are bit for bit those of an uninterrupted training.
    pub fn resume(mut self, path: &Path) -> Result<Self, TrainError> {
        let opened = Safetensors::open_own(path, &[PROGRESS])?;
        let progress = opened.header.get(PROGRESS).map(String::as_str).unwrap_or_default();
        let progress: SavedTraining =
            serde_json::from_str(progress).map_err(|_| damaged(path, "no record of its epochs"))?;
        let mut tensors = opened.read_all()?;
        let weights = tensors.split_off(WEIGHTS);
        let classifier = weights.apply(self.classifier.valid(), path)?;
        self.classifier = classifier.train();
        let steps = progress.steps;
        if !self.optimizer.load_state(tensors, steps, &self.classifier, &self.device) {
            return Err(damaged(path, "the state of the optimizer is incomplete"));
        }
        self.metrics = progress.metrics;
        Ok(self)
    }
}

fn damaged(path: &Path, reason: impl ToString) -> TrainError {
    WeightsError::Format { path: path.into(), reason: reason.to_string() }.into()
}
