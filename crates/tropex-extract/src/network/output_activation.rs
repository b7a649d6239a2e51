//! Operations at the end of a module that the capture omits.

use std::fmt;

use burn::tensor::TensorData;

use super::{Network, Node, ValueId};
use crate::ops::ElementwiseAffine;

/// A function of the logits at the end of a module. Capture omits it because it does not change the
/// class with the largest logit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputActivation {
    /// Softmax over the classes.
    Softmax,
    /// Logarithm of the softmax over the classes.
    LogSoftmax,
    /// Multiplication of all logits by a positive number, such as an inverse temperature.
    Scale(f64),
}

impl fmt::Display for OutputActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Softmax => f.write_str("softmax"),
            Self::LogSoftmax => f.write_str("log-softmax"),
            Self::Scale(factor) => write!(f, "times {factor}"),
        }
    }
}

impl Network {
    /// The output activations that the capture omitted, in order. They do not change the class with
    /// the largest logit.
    pub fn output_activations(&self) -> &[OutputActivation] {
        &self.output_activations
    }

    /// The network that multiplies its logits by the omitted factors: its logits are those of the
    /// module, or what the module's softmax reads.
    pub fn with_output_scales(&self) -> Self {
        let mut network = self.clone();
        let factors = self.output_activations.iter().map_while(|activation| match activation {
            OutputActivation::Scale(factor) => Some(factor),
            OutputActivation::Softmax | OutputActivation::LogSoftmax => None,
        });
        let factor: f64 = factors.clone().product();
        network.output_activations.drain(..factors.count());
        if factor != 1.0 {
            let factors = TensorData::new(vec![factor; self.classes()], [1, self.classes()]);
            network.nodes.push(Node {
                op: ElementwiseAffine::new(Some(factors), None, &self.target).into(),
                inputs: vec![self.output],
                shape: vec![self.classes()],
                layer: None,
            });
            network.output = ValueId::of_node(self.nodes.len());
        }
        network
    }
}
