//! A captured network: operations in the order of execution.

mod dead;
mod display;
mod dot;
mod node_table;
mod output_activation;
mod pushforward;
pub(crate) mod random;
mod replay;
pub(crate) mod rounding;
mod tiling;
mod walk;

use sha2::{Digest, Sha256};
use tropex_files::hex;

use crate::ComputeTarget;
use crate::ops::Op;

pub use node_table::NodeRow;
pub use output_activation::OutputActivation;
pub use pushforward::{Inspected, Jet};
pub use replay::Trace;
pub use replay::argmax;

/// A value of the network: its input, or the output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueId(usize);

impl ValueId {
    /// The network's input.
    pub const INPUT: Self = Self(0);

    /// The output of a node.
    pub fn of_node(node: usize) -> Self {
        Self(node + 1)
    }

    /// The value with an index, see [`ValueId::index`].
    pub(crate) fn of_index(index: usize) -> Self {
        Self(index)
    }

    /// The node that computes the value; `None` for the input.
    pub(crate) fn node(self) -> Option<usize> {
        self.0.checked_sub(1)
    }

    /// Index of the value: 0 for the input, `node + 1` for the output of a node.
    pub fn index(self) -> usize {
        self.0
    }
}

/// An operation in the network, with its inputs.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) shape: Vec<usize>,
    pub(crate) layer: Option<String>,
}

impl Node {
    /// The operation.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// The values that the operation reads.
    pub fn inputs(&self) -> &[ValueId] {
        &self.inputs
    }

    /// Shape of the output at one point.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of units; 0 if the operation is affine.
    pub fn units(&self) -> usize {
        if self.op.is_maximum() { self.shape.iter().product() } else { 0 }
    }

    /// Approximate number of multiplications at one point: every weight is used once per position
    /// of the output plane.
    pub fn multiplications(&self) -> usize {
        let positions: usize = self.shape.iter().skip(1).product();
        self.op.parameters() * positions
    }

    /// Module path of the layer whose parameters the operation holds, such as `blocks.1.conv`.
    pub fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }
}

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
