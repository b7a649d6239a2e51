//! The gaps of the units of a node, with the values that they are differences of.

use burn::tensor::Tensor;

use crate::pattern::layout::NodeSpan;
use crate::tensor::to_host;
use tropex_extract::network::Trace;
use tropex_extract::ops::Gap;

/// The gaps of one node at the points of a batch.
pub(super) struct NodeGaps<'a> {
    pub(super) span: &'a NodeSpan,
    /// The gaps of every point. The order of units is one for all points.
    pub(super) of_points: Vec<Vec<Gap>>,
    /// Inputs of the node, point by point.
    pub(super) inputs: Vec<f64>,
}

impl<'a> NodeGaps<'a> {
    pub(super) fn new(span: &'a NodeSpan, trace: &Trace, input: &Tensor<2>) -> Self {
        let pieces = span.rule.numbers(trace.piece(span.node));
        let of_point = |pieces: &[u32]| {
            let mut gaps = Vec::new();
            span.rule.visit_gaps(pieces, |gap| gaps.push(gap));
            gaps
        };
        let of_points = pieces.chunks_exact(span.units.len()).map(of_point).collect();
        Self { span, of_points, inputs: to_host(input.clone()) }
    }

    pub(super) fn inputs_of(&self, point: usize, points: usize) -> &[f64] {
        let width = self.inputs.len() / points;
        &self.inputs[point * width..][..width]
    }
}
