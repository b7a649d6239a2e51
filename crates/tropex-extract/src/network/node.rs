//! The nodes of a network.

use super::value_id::ValueId;
use crate::ops::Op;

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
