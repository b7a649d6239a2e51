//! Training of classifiers by gradient descent on the cross-entropy of their logits.

mod checks;
mod error;
mod metrics;
mod observer;
mod optimizer;
mod state;

use std::time::Instant;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use crate::training_config::{
    ConfigError, LearningRateStep, OptimizerConfig, ParseOptimizerError, TrainingConfig,
};
pub use error::TrainError;
pub use metrics::{EpochMetrics, Metrics, evaluate};
pub use observer::{BatchProgress, TrainingObserver};

use self::checks::check_images;
use self::metrics::{MetricSums, image_data, label_data, loss_and_metrics};
use self::optimizer::Optimizer;
use crate::data::{Images, Subset};
use crate::zoo::Classifier;

/// A training between two epochs.
pub struct Trainer<'a> {
    config: &'a TrainingConfig,
    train: &'a Images,
    test: &'a Images,
    device: Device,
    classifier: Classifier,
    optimizer: Optimizer,
    metrics: Vec<EpochMetrics>,
    /// The training images in use.
    subset: Subset,
}

impl<'a> Trainer<'a> {
    /// Prepares the training of a network, on its device.
    pub fn new(
        classifier: Classifier,
        train: &'a Images,
        test: &'a Images,
        config: &'a TrainingConfig,
    ) -> Result<Self, TrainError> {
        config.check()?;
        check_images(&classifier, train)?;
        check_images(&classifier, test)?;
        let classifier = classifier.valid();
        let device = classifier.devices().into_iter().next();
        let device = device.ok_or_else(|| TrainError::Device { reason: "none in use".into() })?;
        let (classifier, optimizer) = (classifier.train(), Optimizer::new(config));
        let (metrics, subset) = (Vec::new(), train.subset(config.limit, config.subset));
        Ok(Self { config, train, test, device, classifier, optimizer, metrics, subset })
    }

    /// The current network, for inference.
    pub fn classifier(&self) -> Classifier {
        self.classifier.valid()
    }

    /// Metrics of the finished epochs.
    pub fn metrics(&self) -> &[EpochMetrics] {
        &self.metrics
    }

    /// Number of epochs in the settings.
    pub fn epochs(&self) -> usize {
        self.config.epochs
    }

    /// Whether all epochs are finished, or the training stopped early.
    pub fn is_finished(&self) -> bool {
        self.metrics.len() >= self.config.epochs || self.stopped_early()
    }

    /// Whether the test loss has not improved for `early_stop` epochs.
    pub fn stopped_early(&self) -> bool {
        let losses = self.metrics.iter().map(|metrics| metrics.test.loss);
        let best = losses.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        match (self.config.early_stop, best) {
            (Some(patience), Some((index, _))) => self.metrics.len() - 1 - index >= patience,
            _ => false,
        }
    }

    /// Trains until finished. `None` if the observer cancelled an epoch.
    pub fn run(mut self, observer: &mut dyn TrainingObserver) -> Result<Option<Self>, TrainError> {
        while !self.is_finished() {
            match self.epoch(observer)? {
                Some(next) => self = next,
                None => return Ok(None),
            }
            let last = self.metrics.last();
            if last.is_some_and(|metrics| observer.epoch(metrics).is_break()) {
                break;
            }
        }
        Ok(Some(self))
    }

    /// Trains one epoch and evaluates. `None` if the observer cancelled the epoch.
    pub fn epoch(
        mut self,
        observer: &mut dyn TrainingObserver,
    ) -> Result<Option<Self>, TrainError> {
        let start = Instant::now();
        let epoch = self.metrics.len() + 1;
        let learning_rate = self.config.learning_rate_at(epoch);
        let (order, mut random) = self.order(epoch);
        let batches = order.len().div_ceil(self.config.batch_size);
        let mut totals = MetricSums::default();
        for (batch, indices) in order.chunks(self.config.batch_size).enumerate() {
            let logits = self.classifier.forward_training(self.images(indices), &mut random);
            let (loss, outcome) =
                loss_and_metrics(logits, Tensor::from_inner(self.labels(indices)))?;
            if !outcome.loss.is_finite() {
                let (loss, batch) = (outcome.loss, batch + 1);
                return Err(TrainError::Diverged { loss, epoch, batch, learning_rate });
            }
            let gradients = GradientsParams::from_grads(loss.backward(), &self.classifier);
            self.classifier = self.optimizer.step(learning_rate, self.classifier, gradients);
            totals.add(outcome, indices.len());
            let (epochs, running) = (self.config.epochs, totals.mean());
            let progress = BatchProgress { epoch, epochs, batch: batch + 1, batches, running };
            if observer.batch(&progress).is_break() {
                return Ok(None);
            }
        }
        let (train, test) = (totals.mean(), evaluate(&self.classifier, self.test)?);
        if !test.loss.is_finite() {
            // The last step of the epoch diverged.
            let (loss, batch) = (test.loss, batches);
            return Err(TrainError::Diverged { loss, epoch, batch, learning_rate });
        }
        let seconds = start.elapsed().as_secs_f64();
        self.metrics.push(EpochMetrics { epoch, learning_rate, train, test, seconds });
        Ok(Some(self))
    }

    /// The order of the training images in an epoch, and the random numbers for dropout. Both
    /// depend on the seed and the epoch only, which makes a resumed training equal to an
    /// uninterrupted one.
    fn order(&self, epoch: usize) -> (Vec<usize>, ChaCha8Rng) {
        let mut order: Vec<usize> = self.subset.indices().collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.config.seed);
        random.set_stream(epoch as u64); // stream 0 drew the starting weights
        order.shuffle(&mut random);
        (order, random)
    }

    fn images(&self, indices: &[usize]) -> Tensor<4> {
        let data = image_data(self.train, self.train.gather(indices), indices.len());
        Tensor::from_inner(Tensor::from_data(data, &self.device))
    }

    fn labels(&self, indices: &[usize]) -> Tensor<1, Int> {
        let labels = self.train.labels();
        Tensor::from_data(label_data(indices.iter().map(|&index| &labels[index])), &self.device)
    }
}

#[cfg(test)]
mod tests;
