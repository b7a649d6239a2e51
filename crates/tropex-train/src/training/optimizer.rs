//! Optimizers and their state.
//!
//! Burn's own optimizers save their state under random parameter ids and restore it on the default
//! device of the build. Here the state is stored like weights, under the names of the layers: a
//! training continues bit for bit in another process, on its own device.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use tropex_kernels::{AdamStep, MomentumStep};

use crate::naming::{Naming, follow_path, tensor_specs};
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

    /// The value of one parameter after the step.
    fn stepped<const D: usize>(
        &mut self,
        id: ParamId,
        value: Tensor<D>,
        gradient: Tensor<D>,
        rate: f64,
    ) -> Tensor<D> {
        // Weights and kernels have two axes or more, biases and batch norm have one.
        let penalty = if D > 1 { 2.0 * self.l2 } else { 0.0 };
        let first = self.first.remove::<D>(id);
        match self.rule {
            OptimizerConfig::Sgd { momentum } => {
                let step = MomentumStep { rate, momentum, penalty };
                let (value, velocity) = step.apply(value, gradient, first);
                self.first.register(id, velocity);
                value
            }
            OptimizerConfig::Adam { beta_1, beta_2, epsilon } => {
                let second = self.second.remove::<D>(id);
                let steps = self.steps as f64;
                let step = AdamStep {
                    rate: rate / (1.0 - beta_1.powf(steps)),
                    decays: [beta_1, beta_2],
                    scale: (1.0 - beta_2.powf(steps)).sqrt(),
                    epsilon,
                    penalty,
                };
                let (value, [mean, square]) = step.apply(value, gradient, [first, second]);
                self.first.register(id, mean);
                self.second.register(id, square);
                value
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

struct StepMapper<'a> {
    optimizer: &'a mut Optimizer,
    learning_rate: f64,
    gradients: GradientsParams,
}

impl ModuleMapper for StepMapper<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, rate) = (param.id, self.learning_rate);
        param.map(|value| {
            let value = self.optimizer.stepped(id, value.inner(), gradient, rate);
            Tensor::from_inner(value).require_grad()
        })
    }
}

struct MomentVisitor<'a> {
    naming: Naming,
    moments: &'a GradientsParams,
    named: Weights,
}

impl ModuleVisitor for MomentVisitor<'_> {
    follow_path!();

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
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(spec) = self.naming.spec(param.dims().as_slice()) else { return };
        let data = self.named.remove(&spec.key);
        if let Some(data) = data.filter(|data| data.shape().as_slice() == spec.shape) {
            self.moments.register(param.id, spec.tensor::<D>(data, self.device));
        }
    }
}
