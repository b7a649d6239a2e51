//! Progress of a training.

use std::ops::ControlFlow;

use super::metrics::{EpochMetrics, Metrics};

/// The progress of a training after a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BatchProgress {
    /// The epoch; the first is 1.
    pub epoch: usize,
    /// Number of epochs in the settings.
    pub epochs: usize,
    /// Finished batches of this epoch.
    pub batch: usize,
    /// Batches per epoch.
    pub batches: usize,
    /// Mean metrics of the images of this epoch so far.
    pub running: Metrics,
}

/// Receives the progress of a training, and can cancel it by `ControlFlow::Break`, as all progress
/// callbacks do. Training itself prints nothing.
pub trait TrainingObserver {
    /// Called after each batch. `Break` discards the current epoch.
    fn batch(&mut self, _progress: &BatchProgress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after each epoch, when its state is on disk. `Break` stops the training.
    fn epoch(&mut self, _metrics: &EpochMetrics) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// An observer that does nothing.
impl TrainingObserver for () {}
