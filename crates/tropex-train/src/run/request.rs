//! The request for a run.

use burn::tensor::Device;

use crate::data::{Dataset, FileReadOptions, Images};
use crate::zoo::Architecture;

/// The request for a run: an architecture, a dataset, and a device.
#[derive(Debug, Clone, Copy)]
pub struct RunRequest<'a> {
    /// The network.
    pub architecture: &'a Architecture,
    /// Name of the dataset, as on the command line.
    pub dataset: &'a str,
    /// Images to train on.
    pub train: &'a Images,
    /// Seed of shuffled training labels, to be recorded; `None` for true labels.
    pub shuffled_labels: Option<u64>,
    /// Images to test on.
    pub test: &'a Images,
    /// Options that a `file:PATH` was read with, to be recorded.
    pub reading: Option<FileReadOptions>,
    /// Warnings about the dataset, to be recorded.
    pub warnings: &'a [String],
    /// The device.
    pub device: &'a Device,
    /// Name of the device on the command line.
    pub device_name: &'a str,
}

impl<'a> RunRequest<'a> {
    /// A run of an architecture on a dataset.
    pub fn new(
        architecture: &'a Architecture,
        data: &'a Dataset,
        device: &'a Device,
        device_name: &'a str,
    ) -> Self {
        Self {
            architecture,
            dataset: &data.name,
            train: &data.train,
            shuffled_labels: None,
            test: &data.test,
            reading: data.reading,
            warnings: &data.warnings,
            device,
            device_name,
        }
    }

    /// Records the seed that the training labels were shuffled with.
    #[must_use]
    pub fn with_shuffled_labels(self, seed: Option<u64>) -> Self {
        Self { shuffled_labels: seed, ..self }
    }
}
