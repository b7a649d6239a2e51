//! Burn modules with the weights of a [`Plan`].

pub(crate) mod value;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};
use tropex::{Error, Network, capture};

use super::plan::affine::layer::AffineLayer;
use super::plan::branch::layer::{Branches, Repeated};
use super::plan::maximum::layer::MaximumLayer;
use super::plan::rearrange::layer::Rearranged;
use super::plan::{Ending, Plan, Step};

pub(crate) use value::Value;

/// A network built from a plan.
#[derive(Module, Debug)]
pub(crate) struct Planned {
    layers: Vec<Layer>,
    #[module(skip)]
    ending: Ending,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a handful of layers
pub(crate) enum Layer {
    Affine(AffineLayer),
    Rearrange(Rearranged),
    Maximum(MaximumLayer),
    Fork(Branches),
    Again(Repeated),
}

impl Planned {
    pub(crate) fn new(plan: &Plan, device: &Device) -> Self {
        Self { layers: layers(&plan.steps, device), ending: plan.ending }
    }

    /// Runs the module on points of any rank.
    pub(crate) fn forward<V: Into<Value>>(&self, points: V) -> Tensor<2> {
        let logits = self.logits(points);
        match self.ending {
            Ending::Logits => logits,
            Ending::Softmax => activation::softmax(logits, 1),
            Ending::LogSoftmax => activation::log_softmax(logits, 1),
        }
    }

    pub(crate) fn logits(&self, points: impl Into<Value>) -> Tensor<2> {
        run(&self.layers, points.into()).into()
    }

    /// Captures the forward for points of the given shape.
    pub(crate) fn capture(&self, input: &[usize]) -> Result<Network, Error> {
        match *input {
            [a] => capture(self, [a], Self::forward::<Tensor<2>>),
            [a, b] => capture(self, [a, b], Self::forward::<Tensor<3>>),
            [a, b, c] => capture(self, [a, b, c], Self::forward::<Tensor<4>>),
            [a, b, c, d] => capture(self, [a, b, c, d], Self::forward::<Tensor<5>>),
            _ => panic!("plans have inputs of one to four axes, not {input:?}"),
        }
    }
}

pub(crate) fn run(layers: &[Layer], input: Value) -> Value {
    layers.iter().fold(input, |value, layer| layer.forward(value))
}

pub(crate) fn layers(steps: &[Step], device: &Device) -> Vec<Layer> {
    steps.iter().map(|step| Layer::new(step, device)).collect()
}

impl Layer {
    pub(crate) fn new(step: &Step, device: &Device) -> Self {
        match step {
            Step::Affine(step) => Self::Affine(AffineLayer::new(step, device)),
            Step::Rearrange(step) => Self::Rearrange(Rearranged::new(step)),
            Step::Maximum(step) => Self::Maximum(MaximumLayer::new(step, device)),
            Step::Fork(fork) => Self::Fork(Branches::new(fork, device)),
            Step::Again { steps, times } => Self::Again(Repeated::new(steps, *times, device)),
        }
    }

    pub(crate) fn forward(&self, value: Value) -> Value {
        match self {
            Self::Affine(layer) => layer.forward(value),
            Self::Rearrange(layer) => layer.forward(value),
            Self::Maximum(layer) => layer.forward(value),
            Self::Fork(layer) => layer.forward(value),
            Self::Again(layer) => layer.forward(value),
        }
    }
}

pub(crate) fn data<const D: usize>(values: &[f64], shape: [usize; D]) -> TensorData {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    TensorData::new(values, shape)
}

pub(crate) fn parameter<const D: usize>(
    values: &[f64],
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(data(values, shape), device))
}

pub(crate) fn vector(values: &[f64], device: &Device) -> Param<Tensor<1>> {
    parameter(values, [values.len()], device)
}

pub(crate) fn bias(bias: &Option<Vec<f64>>, device: &Device) -> Option<Param<Tensor<1>>> {
    bias.as_ref().map(|bias| vector(bias, device))
}
