//! The factors at the end of a module that the capture omits.

use burn::tensor::TensorData;

use super::{Network, Node, OutputActivation, ValueId};
use crate::ops::ElementwiseAffine;

impl Network {
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
