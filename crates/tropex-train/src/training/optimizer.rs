//! Optimizers and their state.
//!
//! Burn's own optimizers save their state under random parameter ids and restore it on the default
//! device of the build. Here the state is stored like weights, under the names of the layers: a
//! training continues bit for bit in another process, on its own device.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use crate::naming::{Naming, tensor_specs};
use crate::training_config::{OptimizerConfig, TrainingConfig};
use crate::weights::Weights;
use crate::zoo::Classifier;

/// Prefixes of the keys of the state in a file.
const FIRST: &str = "first.";
const SECOND: &str = "second.";

/// An optimizer and its state per parameter.
pub(super) struct Optimizer {
    rule: OptimizerConfig,
    l2: f64,
    steps: u64,
    /// Velocity of sgd, or first moment of Adam.
    first: GradientsParams,
    /// Second moment of Adam.
    second: GradientsParams,
}

impl Optimizer {
    pub(super) fn new(config: &TrainingConfig) -> Self {
        let (first, second) = Default::default();
        Self { rule: config.optimizer, l2: config.l2, steps: 0, first, second }
    }

    /// Number of steps so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Updates every parameter of a network.
    pub(super) fn step(
        &mut self,
        learning_rate: f64,
        classifier: Classifier,
        gradients: GradientsParams,
    ) -> Classifier {
        self.steps += 1;
        classifier.map(&mut StepMapper { optimizer: self, learning_rate, gradients })
    }

    /// The change of one parameter, to be subtracted.
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

    /// The state, with keys of the layers of the network.
    pub(super) fn state(&self, classifier: &Classifier) -> Weights {
        let named = |moments, prefix: &str| {
            let mut export =
                MomentVisitor { naming: Naming::default(), moments, named: Weights::default() };
            classifier.visit(&mut export);
            export.named.renamed(|key| format!("{prefix}{key}"))
        };
        named(&self.first, FIRST).merged(named(&self.second, SECOND))
    }

    /// Loads the state after `steps` steps; returns whether it was complete.
    pub(super) fn load_state(
        &mut self,
        mut state: Weights,
        steps: u64,
        classifier: &Classifier,
        device: &Device,
    ) -> bool {
        self.steps = steps;
        for (prefix, moments) in [(FIRST, &mut self.first), (SECOND, &mut self.second)] {
            let named = state.split_off(prefix);
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

/// An exponential moving average, from zero.
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
