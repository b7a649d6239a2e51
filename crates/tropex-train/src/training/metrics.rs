//! Loss and accuracy.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::checks::check_images;
use super::error::TrainError;
use crate::data::Images;
use crate::zoo::Classifier;

/// Images per batch of an evaluation.
const EVALUATION_BATCH: usize = 256;

/// Mean loss and accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Mean cross-entropy of the softmax of the logits, in nats.
    pub loss: f64,
    /// Share of images with the largest logit at their label.
    pub accuracy: f64,
}

/// The metrics of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch; the first is 1.
    pub epoch: usize,
    /// Learning rate of the epoch.
    pub learning_rate: f64,
    /// Metrics on the training images, during training.
    pub train: Metrics,
    /// Metrics on the test images, after the epoch.
    pub test: Metrics,
    /// Wall-clock time of training and evaluation.
    pub seconds: f64,
}

/// Sums for the means of [`Metrics`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MetricSums {
    loss: f64,
    correct: f64,
    images: usize,
}

impl MetricSums {
    pub(super) fn add(&mut self, outcome: BatchMetrics, images: usize) {
        self.loss += outcome.loss * images as f64;
        self.correct += outcome.correct;
        self.images += images;
    }

    pub(super) fn mean(&self) -> Metrics {
        let images = self.images.max(1) as f64;
        Metrics { loss: self.loss / images, accuracy: self.correct / images }
    }
}

/// Metrics of one batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchMetrics {
    /// Mean loss.
    pub(super) loss: f64,
    /// Number of correctly classified images.
    correct: f64,
}

/// The mean loss of a batch, as a tensor to differentiate, and the metrics of the batch.
pub(super) fn loss_and_metrics(
    logits: Tensor<2>,
    labels: Tensor<1, Int>,
) -> Result<(Tensor<1>, BatchMetrics), TrainError> {
    let predicted = logits.clone().argmax(1).flatten::<1>(0, 1);
    let correct = predicted.equal(labels.clone()).float().sum();
    let loss = CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels);
    // Both numbers in one transfer from the device.
    let numbers = Tensor::cat(vec![loss.clone().detach(), correct], 0)
        .try_into_vec_as::<f64>()
        .map_err(|error| TrainError::Device { reason: error.to_string() })?;
    match numbers[..] {
        [mean, correct] => Ok((loss, BatchMetrics { loss: mean, correct })),
        _ => Err(TrainError::Device { reason: "a loss that is not one number".into() }),
    }
}

/// Loss and accuracy of a network in inference mode.
pub fn evaluate(classifier: &Classifier, images: &Images) -> Result<Metrics, TrainError> {
    check_images(classifier, images)?;
    let classifier = classifier.valid();
    let devices = classifier.devices();
    let Some(device) = devices.first() else { return Ok(MetricSums::default().mean()) };
    let mut totals = MetricSums::default();
    for start in (0..images.len()).step_by(EVALUATION_BATCH) {
        let end = images.len().min(start + EVALUATION_BATCH);
        let pixels = image_data(images, images.read(start..end), end - start);
        let labels = label_data(images.labels()[start..end].iter());
        let logits = classifier.forward(Tensor::from_data(pixels, device));
        let (_, outcome) = loss_and_metrics(logits, Tensor::from_data(labels, device))?;
        totals.add(outcome, end - start);
    }
    Ok(totals.mean())
}

/// Pixels of `count` images as `[count, channels, height, width]`.
pub(super) fn image_data(images: &Images, pixels: Vec<f32>, count: usize) -> TensorData {
    let [channels, height, width] = images.shape();
    TensorData::new(pixels, [count, channels, height, width])
}

/// Labels as `[count]`.
pub(super) fn label_data<'a>(labels: impl ExactSizeIterator<Item = &'a u32>) -> TensorData {
    let count = labels.len();
    TensorData::new(labels.map(|&label| label as i32).collect(), [count])
}
