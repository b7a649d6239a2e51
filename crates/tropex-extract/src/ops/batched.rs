//! An operation that is applied to parts of a value.

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use super::{ActivationRule, Interval, Op, Piece, PiecewiseLinear, PulledRows};
use crate::ComputeTarget;

/// An operation with one input, applied to each of `pieces` consecutive parts of the features.
/// Examples are a linear layer along a sequence and a convolution of every frame.
#[derive(Clone, Debug)]
pub struct Batched {
    op: Box<Op>,
    pieces: usize,
}

impl Batched {
    /// The operation on `pieces` parts; the operation itself for one part.
    pub(crate) fn of(op: impl Into<Op>, pieces: usize) -> Op {
        if pieces == 1 { op.into() } else { Self { op: Box::new(op.into()), pieces }.into() }
    }

    /// The operation on one part.
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// Number of parts.
    pub fn pieces(&self) -> usize {
        self.pieces
    }

    /// Reshapes `[count, features]` to `[count * pieces, features / pieces]`.
    fn split(&self, values: Tensor<2>) -> Tensor<2> {
        let [count, features] = values.dims();
        values.reshape([count * self.pieces, features / self.pieces])
    }

    /// The inverse of [`Self::split`].
    fn join(&self, values: Tensor<2>) -> Tensor<2> {
        let [count, features] = values.dims();
        values.reshape([count / self.pieces, features * self.pieces])
    }
}

impl PiecewiseLinear for Batched {
    fn name(&self) -> &'static str {
        self.op.name()
    }

    fn detail(&self) -> String {
        let detail = self.op.detail();
        let comma = if detail.is_empty() { "" } else { ", " };
        format!("{detail}{comma}{} pieces", self.pieces)
    }

    fn parameters(&self) -> usize {
        self.op.parameters()
    }

    fn constants(&self) -> Vec<&[u8]> {
        self.op.constants()
    }

    fn is_maximum(&self) -> bool {
        self.op.is_maximum()
    }

    fn activation_rule(&self, units: usize) -> Option<ActivationRule> {
        Some(self.op.activation_rule(units / self.pieces)?.repeated(self.pieces))
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        Self::of(self.op.to_target(target), self.pieces)
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        Self::of(self.op.map_constants(change, target), self.pieces)
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let inputs = inputs.into_iter().map(|values| self.split(values)).collect();
        let (output, piece) = self.op.forward(inputs);
        (self.join(output), piece)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let inputs = inputs.into_iter().map(|values| self.split(values)).collect();
        Some(self.join(self.op.squares(inputs)?))
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2> {
        let directions = directions.into_iter().map(|values| self.split(values)).collect();
        self.join(self.op.pushforward(directions, piece))
    }

    fn pullback(&self, rows: AffineRows, piece: &Piece) -> PulledRows {
        let points = rows.points();
        let rows = AffineRows::new(self.split(rows.into_tensor()), points * self.pieces);
        let pulled = self.op.pullback(rows, piece);
        let whole = |rows: AffineRows| AffineRows::new(self.join(rows.into_tensor()), points);
        let offset = pulled.offset.map(|offset| {
            let [count, _] = offset.dims();
            offset.reshape([count / self.pieces, self.pieces]).sum_dim(1)
        });
        PulledRows { rows: pulled.rows.into_iter().map(whole).collect(), offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let bounds = self.op.bound(interval.map(|rows| self.split(rows)));
        bounds.into_iter().map(|interval| interval.map(|rows| self.join(rows))).collect()
    }
}
