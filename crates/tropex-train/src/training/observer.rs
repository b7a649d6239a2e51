//! Who watches a training.

use std::ops::ControlFlow;

use super::metrics::{EpochMetrics, Metrics};

/// Where a training stands after a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchProgress {
    /// The epoch; the first is 1.
    pub epoch: usize,
    /// Epochs planned.
    pub epochs: usize,
    /// Batches of this epoch that are done.
    pub batch: usize,
    /// Batches of an epoch.
    pub batches: usize,
    /// Means over the images of this epoch so far.
    pub running: Metrics,
}

/// Watches a training and may end it. Nothing is printed unless an observer prints it.
pub trait TrainingObserver {
    /// After each batch. `Break` gives up the epoch that has begun.
    fn batch(&mut self, _progress: &BatchProgress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// After each epoch, when its state is safe on disk. `Break` stops there.
    fn epoch(&mut self, _metrics: &EpochMetrics) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Watches silently.
impl TrainingObserver for () {}
