//! Errors of trainings.

use thiserror::Error;

use crate::training_config::ConfigError;
use crate::weights::WeightsError;

/// The reasons why a training fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The network has another input shape or another number of classes than the images.
    #[error(
        "images of {}x{}x{} in {classes} classes, expected {}x{}x{} in {expected_classes}",
        shape[0], shape[1], shape[2], expected[0], expected[1], expected[2]
    )]
    Images {
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
        /// Their classes.
        classes: usize,
        /// `[channels, height, width]` of the network's input.
        expected: [usize; 3],
        /// Classes of the network.
        expected_classes: usize,
    },
    /// The loss is no longer finite.
    #[error(
        "the loss became {loss} in epoch {epoch}, batch {batch}, at learning rate \
         {learning_rate:?}; try a lower learning rate"
    )]
    Diverged {
        /// The loss.
        loss: f64,
        /// The epoch; the first is 1.
        epoch: usize,
        /// The batch; the first is 1.
        batch: usize,
        /// The learning rate of the epoch.
        learning_rate: f64,
    },
    /// The device returned no result.
    #[error("the device returned no usable result: {reason}")]
    Device {
        /// Message of the device.
        reason: String,
    },
    /// The saved state of an interrupted training is unusable.
    #[error(transparent)]
    State(#[from] WeightsError),
}
