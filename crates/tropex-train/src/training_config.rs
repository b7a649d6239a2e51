//! The settings of a training.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::Checkpoints;
use crate::data::SubsetRule;

/// An optimizer and its constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba, 2015), with bias correction.
    Adam {
        /// Decay of the mean of the gradients.
        beta_1: f64,
        /// Decay of the mean of their squares.
        beta_2: f64,
        /// Added to the root of the mean square.
        epsilon: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last step that is added to the next, undamped; 0 for none.
        momentum: f64,
    },
}

impl OptimizerConfig {
    /// Adam with the constants of its authors.
    pub const ADAM: Self = Self::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };

    /// Stochastic gradient descent with the usual momentum.
    pub const SGD: Self = Self::Sgd { momentum: 0.9 };

    /// Names that [`FromStr`] reads.
    pub const NAMES: [&str; 2] = ["adam", "sgd"];
}

/// The name without the constants: `adam` or `sgd`.
impl fmt::Display for OptimizerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Adam { .. } => "adam",
            Self::Sgd { .. } => "sgd",
        })
    }
}

/// A text that is not the name of an optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected adam or sgd")]
pub struct ParseOptimizerError;

/// Reads `adam` or `sgd`, with the usual constants.
impl FromStr for OptimizerConfig {
    type Err = ParseOptimizerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "adam" => Ok(Self::ADAM),
            "sgd" => Ok(Self::SGD),
            _ => Err(ParseOptimizerError),
        }
    }
}

/// A change of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearningRateStep {
    /// Number of epochs before the change.
    pub after_epoch: usize,
    /// Factor on the learning rate, usually below 1.
    pub factor: f64,
}

/// The settings of a training. Equal settings, data and device give equal weights, bit by bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training images; 0 keeps the starting weights.
    pub epochs: usize,
    /// Images per step.
    pub batch_size: usize,
    /// How gradients become steps.
    pub optimizer: OptimizerConfig,
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Changes of the learning rate.
    pub learning_rate_steps: Vec<LearningRateStep>,
    /// Strength λ of the penalty λ‖W‖² on weights and kernels (not on biases and batch norm).
    ///
    /// The penalty enters the gradient as 2λW; reported losses are without it.
    pub l2: f64,
    /// Seed of the starting weights and of the order of the images.
    pub seed: u64,
    /// Number of epochs without improvement of the test loss after which training stops.
    pub early_stop: Option<usize>,
    /// Epochs after which weights are saved.
    pub checkpoints: Checkpoints,
    /// Number of training images; `None` for all.
    pub limit: Option<usize>,
    /// Rule that chooses these images. Runs without a rule were trained on the first images.
    #[serde(default = "SubsetRule::of_old_runs")]
    pub subset: SubsetRule,
}

impl TrainingConfig {
    /// For MNIST and similar datasets: 10 epochs of Adam.
    ///
    /// The published study has a learning rate of 1e-4. With 1e-3, lowered twice towards the end,
    /// fewer epochs reach the same accuracy.
    pub fn mnist() -> Self {
        let step = |after_epoch| LearningRateStep { after_epoch, factor: 0.3 };
        Self {
            epochs: 10,
            batch_size: 64,
            optimizer: OptimizerConfig::ADAM,
            learning_rate: 1e-3,
            learning_rate_steps: vec![step(5), step(8)],
            l2: 0.0,
            seed: 0,
            early_stop: None,
            checkpoints: Checkpoints::Last,
            limit: None,
            subset: SubsetRule::DEFAULT,
        }
    }

    /// For CIFAR-10, as in the published study: 200 epochs of gradient descent with momentum and
    /// penalty.
    pub fn cifar() -> Self {
        let step = |after_epoch| LearningRateStep { after_epoch, factor: 0.1 };
        Self {
            epochs: 200,
            optimizer: OptimizerConfig::Sgd { momentum: 0.9 },
            learning_rate: 0.01,
            learning_rate_steps: vec![step(50), step(100), step(150)],
            l2: 1e-3,
            ..Self::mnist()
        }
    }

    /// For residual networks, as in the published study: 200 epochs of Adam with a small penalty.
    pub fn resnet() -> Self {
        let step = |after_epoch, factor| LearningRateStep { after_epoch, factor };
        Self {
            optimizer: OptimizerConfig::ADAM,
            learning_rate: 1e-3,
            learning_rate_steps: vec![
                step(80, 0.1),
                step(120, 0.1),
                step(160, 0.1),
                step(180, 0.5),
            ],
            l2: 1e-4,
            ..Self::cifar()
        }
    }

    /// The learning rate of an epoch; the first is epoch 1.
    pub fn learning_rate_at(&self, epoch: usize) -> f64 {
        let passed = self.learning_rate_steps.iter().filter(|step| step.after_epoch < epoch);
        passed.fold(self.learning_rate, |rate, step| rate * step.factor)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.batch_size == 0 {
            return Err(ConfigError::BatchSize);
        }
        if self.limit == Some(0) {
            return Err(ConfigError::Limit);
        }
        if self.early_stop == Some(0) {
            return Err(ConfigError::EarlyStop);
        }
        self.check_numbers()?;
        match self.checkpoints.last_listed() {
            Some(epoch) if epoch > self.epochs => {
                Err(ConfigError::Checkpoint { epoch, epochs: self.epochs })
            }
            _ => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let share = |value: f64| (0.0..1.0).contains(&value);
        let factors = self.learning_rate_steps.iter().map(|step| step.factor);
        let optimizer = match self.optimizer {
            OptimizerConfig::Adam { beta_1, beta_2, epsilon } => vec![
                ("beta_1", beta_1, share(beta_1), "a number in [0, 1)"),
                ("beta_2", beta_2, share(beta_2), "a number in [0, 1)"),
                ("epsilon", epsilon, positive(epsilon), "a number above 0"),
            ],
            OptimizerConfig::Sgd { momentum } => {
                vec![("momentum", momentum, share(momentum), "a number in [0, 1)")]
            }
        };
        let rate = self.learning_rate;
        let penalty = self.l2.is_finite() && self.l2 >= 0.0;
        let all = [
            ("learning rate", rate, positive(rate), "a number above 0"),
            ("l2", self.l2, penalty, "0 or more"),
        ]
        .into_iter()
        .chain(optimizer)
        .chain(factors.map(|f| ("learning rate factor", f, positive(f), "a number above 0")));
        for (setting, value, valid, expected) in all {
            if !valid {
                return Err(ConfigError::Number { setting, value, expected });
            }
        }
        Ok(())
    }
}

/// A setting that is out of range.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Batches without images.
    #[error("batch size 0, expected at least 1")]
    BatchSize,
    /// A limit of no training images.
    #[error("limit of 0 images, expected at least 1")]
    Limit,
    /// An early stop after no epochs.
    #[error("early stop after 0 epochs without improvement, expected at least 1")]
    EarlyStop,
    /// A number out of range.
    #[error("{setting} {value}, expected {expected}")]
    Number {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// The accepted values.
        expected: &'static str,
    },
    /// A checkpoint after the last epoch.
    #[error("checkpoint after epoch {epoch}, expected at most {epochs}, the number of epochs")]
    Checkpoint {
        /// The epoch listed.
        epoch: usize,
        /// Epochs of the training.
        epochs: usize,
    },
}
