//! Steps down the gradient, and the memory that they need.
//!
//! Burn's own optimizers keep their memory under random parameter ids and restore it on the
//! default device of the build. Here it is stored like weights, under the names of the layers,
//! so that a training continues in another process, on its own device, bit by bit.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::config::{OptimizerConfig, TrainingConfig};
use crate::weights::{Naming, Weights, tensor_specs};
use crate::zoo::Classifier;

/// Keys of the memory in a file.
const FIRST: &str = "first.";
const SECOND: &str = "second.";

/// A rule and what it remembers of past gradients, per parameter.
pub(super) struct Optimizer {
    rule: OptimizerConfig,
    l2: f64,
    steps: u64,
    /// Momentum, or the mean of the gradients.
    first: GradientsParams,
    /// The mean of the squared gradients.
    second: GradientsParams,
}

impl Optimizer {
    pub(super) fn new(config: &TrainingConfig) -> Self {
        let (first, second) = Default::default();
        Self { rule: config.optimizer, l2: config.l2, steps: 0, first, second }
    }

    /// Steps taken so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves every parameter of a network against its gradient.
    pub(super) fn step(
        &mut self,
        learning_rate: f64,
        classifier: Classifier,
        gradients: GradientsParams,
    ) -> Classifier {
        self.steps += 1;
        classifier.map(&mut StepMapper { optimizer: self, learning_rate, gradients })
    }

    /// The step for one parameter, to be subtracted.
    fn delta<const D: usize>(
        &mut self,
        param: &Param<Tensor<D>>,
        gradient: Tensor<D>,
        rate: f64,
    ) -> Tensor<D> {
        let first = self.first.remove::<D>(param.id);
        match self.rule {
            OptimizerConfig::Sgd { momentum } => {
                let velocity = match first {
                    Some(velocity) => velocity.mul_scalar(momentum) + gradient,
                    None => gradient,
                };
                self.first.register(param.id, velocity.clone());
                velocity.mul_scalar(rate)
            }
            OptimizerConfig::Adam { beta_1, beta_2, epsilon } => {
                let second = self.second.remove::<D>(param.id);
                let mean = decayed(first, gradient.clone(), beta_1);
                let square = decayed(second, gradient.square(), beta_2);
                self.first.register(param.id, mean.clone());
                self.second.register(param.id, square.clone());
                let steps = self.steps as f64;
                let scale = (1.0 - beta_2.powf(steps)).sqrt();
                let root = square.sqrt().div_scalar(scale).add_scalar(epsilon);
                mean.mul_scalar(rate / (1.0 - beta_1.powf(steps))) / root
            }
        }
    }

    /// What it remembers, named after the layers of the network it belongs to.
    pub(super) fn memory(&self, classifier: &Classifier) -> Weights {
        let named = |moments, prefix: &str| {
            let mut export =
                MomentVisitor { naming: Naming::default(), moments, named: Weights::default() };
            classifier.visit(&mut export);
            export.named.renamed(|key| format!("{prefix}{key}"))
        };
        named(&self.first, FIRST).merged(named(&self.second, SECOND))
    }

    /// Recalls a memory after so many steps; returns whether it was complete.
    pub(super) fn recall(
        &mut self,
        mut memory: Weights,
        steps: u64,
        classifier: &Classifier,
        device: &Device,
    ) -> bool {
        self.steps = steps;
        for (prefix, moments) in [(FIRST, &mut self.first), (SECOND, &mut self.second)] {
            let named = memory.split_off(prefix);
            let naming = Naming::default();
            classifier.visit(&mut MomentLoader { naming, named, moments, device });
        }
        let trained = tensor_specs(classifier).iter().filter(|spec| spec.role.is_trained()).count();
        let second = match self.rule {
            OptimizerConfig::Adam { .. } => trained,
            OptimizerConfig::Sgd { .. } => 0,
        };
        self.first.len() == trained && self.second.len() == second
    }
}

/// A running mean, from zero.
fn decayed<const D: usize>(mean: Option<Tensor<D>>, value: Tensor<D>, decay: f64) -> Tensor<D> {
    let share = value.mul_scalar(1.0 - decay);
    match mean {
        Some(mean) => mean.mul_scalar(decay) + share,
        None => share,
    }
}

struct StepMapper<'a> {
    optimizer: &'a mut Optimizer,
    learning_rate: f64,
    gradients: GradientsParams,
}

impl ModuleMapper for StepMapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        // Weights and kernels have two axes or more, biases and batch norm have one.
        let penalty = if D > 1 { 2.0 * self.optimizer.l2 } else { 0.0 };
        let gradient = if penalty > 0.0 {
            gradient + param.val().inner().mul_scalar(penalty)
        } else {
            gradient
        };
        let delta = self.optimizer.delta(&param, gradient, self.learning_rate);
        param.map(|value| Tensor::from_inner(value.inner() - delta).require_grad())
    }
}

struct MomentVisitor<'a> {
    naming: Naming,
    moments: &'a GradientsParams,
    named: Weights,
}

impl ModuleVisitor for MomentVisitor<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.naming.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.naming.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(spec) = self.naming.spec(param.dims().as_slice()) else { return };
        if let Some(moment) = self.moments.get::<D>(param.id) {
            let data = spec.data(moment);
            self.named.insert(spec.key, data);
        }
    }
}

struct MomentLoader<'a> {
    naming: Naming,
    named: Weights,
    moments: &'a mut GradientsParams,
    device: &'a Device,
}

impl ModuleVisitor for MomentLoader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.naming.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.naming.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(spec) = self.naming.spec(param.dims().as_slice()) else { return };
        let data = self.named.remove(&spec.key);
        if let Some(data) = data.filter(|data| data.shape().as_slice() == spec.shape) {
            self.moments.register(param.id, spec.tensor::<D>(data, self.device));
        }
    }
}
