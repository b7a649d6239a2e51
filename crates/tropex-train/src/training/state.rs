//! The state of an interrupted training, in one file so that its parts belong together.

use std::path::Path;

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::{EpochMetrics, TrainError, Trainer};
use crate::weights::{Safetensors, Weights, WeightsError, write_safetensors};

/// Keys of the weights; the memory of the optimizer lies beside them.
const WEIGHTS: &str = "weights.";
/// Header entry that holds a [`SavedProgress`].
const PROGRESS: &str = "progress";

#[derive(Serialize, Deserialize)]
struct SavedProgress {
    steps: u64,
    metrics: Vec<EpochMetrics>,
}

impl Trainer<'_> {
    /// Writes all that is needed to continue after the last epoch.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let progress =
            SavedProgress { steps: self.optimizer.steps(), metrics: self.metrics.clone() };
        let progress = serde_json::to_string(&progress).map_err(|error| damaged(path, error))?;
        let tensors = Weights::of(&self.classifier)
            .renamed(|key| format!("{WEIGHTS}{key}"))
            .merged(self.optimizer.memory(&self.classifier));
        Ok(write_safetensors(path, &tensors, &[(PROGRESS, &progress)])?)
    }

    /// Continues where [`save`](Self::save) left off; the settings and data must be the same.
    ///
    /// The weights that follow are those of a training without interruption, bit by bit.
    pub fn resume(mut self, path: &Path) -> Result<Self, TrainError> {
        let opened = Safetensors::open_own(path, &[PROGRESS])?;
        let progress = opened.header.get(PROGRESS).map(String::as_str).unwrap_or_default();
        let progress: SavedProgress =
            serde_json::from_str(progress).map_err(|_| damaged(path, "no record of its epochs"))?;
        let mut tensors = opened.read_all()?;
        let weights = tensors.split_off(WEIGHTS);
        let classifier = weights.apply(self.classifier.valid(), path)?;
        self.classifier = classifier.train();
        let steps = progress.steps;
        if !self.optimizer.recall(tensors, steps, &self.classifier, &self.device) {
            return Err(damaged(path, "the memory of the optimizer is incomplete"));
        }
        self.metrics = progress.metrics;
        Ok(self)
    }
}

fn damaged(path: &Path, reason: impl ToString) -> TrainError {
    WeightsError::Format { path: path.into(), reason: reason.to_string() }.into()
}
