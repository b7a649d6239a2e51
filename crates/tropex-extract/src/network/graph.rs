//! The graph of a network, and its properties.

use sha2::{Digest, Sha256};
use tropex_files::hex;

use super::node::Node;
use super::output_activation::OutputActivation;
use super::value_id::ValueId;
use crate::ComputeTarget;

/// A piecewise-linear network that maps `[points, features]` to logits `[points, classes]`.
///
/// [`capture`](crate::capture()) makes it. `Display` lists the nodes.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) input_shape: Vec<usize>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) output: ValueId,
    pub(crate) output_activations: Vec<OutputActivation>,
    pub(crate) target: ComputeTarget,
}

impl Network {
    /// Shape of one point, such as `[3, 32, 32]`.
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Number of input features of a point.
    pub fn features(&self) -> usize {
        self.input_shape.iter().product()
    }

    /// Number of logits.
    pub fn classes(&self) -> usize {
        self.shape(self.output).iter().product()
    }

    /// The operations in the order of execution.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The value that holds the logits.
    pub fn output(&self) -> ValueId {
        self.output
    }

    /// The output activations that the capture omitted, in order. They do not change the class with
    /// the largest logit.
    pub fn output_activations(&self) -> &[OutputActivation] {
        &self.output_activations
    }

    /// Device and precision of the constants.
    pub fn target(&self) -> &ComputeTarget {
        &self.target
    }

    /// Shape of a value at one point.
    pub fn shape(&self, value: ValueId) -> &[usize] {
        match value.node() {
            None => &self.input_shape,
            Some(node) => &self.nodes[node].shape,
        }
    }

    /// Number of weights and offsets.
    pub fn parameters(&self) -> usize {
        self.nodes.iter().map(|node| node.op.parameters()).sum()
    }

    /// Number of units with more than one piece.
    pub fn units(&self) -> usize {
        self.nodes.iter().map(Node::units).sum()
    }

    /// Largest number of entries of a value at one point.
    pub fn widest(&self) -> usize {
        let widths = self.nodes.iter().map(|node| node.shape.iter().product());
        widths.chain([self.features()]).max().unwrap_or(0)
    }

    /// The network with its constants on another device or in another precision.
    pub fn to_target(&self, target: &ComputeTarget) -> Self {
        let move_node = |node: &Node| Node { op: node.op.to_target(target), ..node.clone() };
        Self {
            nodes: self.nodes.iter().map(move_node).collect(),
            target: target.clone(),
            ..self.clone()
        }
    }

    /// The network with `change` applied to every weight, offset and slope.
    pub fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Self {
        let map = |node: &Node| Node { op: node.op.map_constants(change, target), ..node.clone() };
        Self { nodes: self.nodes.iter().map(map).collect(), target: target.clone(), ..self.clone() }
    }

    /// SHA-256 of structure and constants. Equal fingerprints mean equal computations.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{:?}{:?}", self.input_shape, self.output));
        for node in &self.nodes {
            let (op, inputs, shape) = (&node.op, &node.inputs, &node.shape);
            hash.update(format!("{}{}{inputs:?}{shape:?}", op.name(), op.detail()));
            op.constants().into_iter().for_each(|bytes| hash.update(bytes));
        }
        hex(&hash.finalize())
    }
}
