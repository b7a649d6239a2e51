//! Fully-connected layers.

use burn::tensor::{Tensor, TensorData};

use super::{Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::constant::Constant;
use crate::interval::Interval;
use crate::rows::Rows;

/// `x W + b` with `W` `[inputs, outputs]`, applied to each of `positions` consecutive pieces of a
/// point's features.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Constant<2>,
    bias: Option<Constant<2>>,
    positions: usize,
}

impl Linear {
    /// `weight` is `[inputs, outputs]`.
    pub(crate) fn new(weight: TensorData, positions: usize, placement: &Placement) -> Self {
        Self { weight: Constant::new(weight, placement), bias: None, positions }
    }

    /// The layer with another weight of the same shape and another bias `[1, outputs]`.
    pub(crate) fn with_constants(
        &self,
        weight: TensorData,
        bias: TensorData,
        placement: &Placement,
    ) -> Self {
        let bias = Some(Constant::new(bias, placement));
        Self { bias, ..Self::new(weight, self.positions, placement) }
    }

    pub(crate) fn weight(&self) -> &TensorData {
        self.weight.data()
    }

    pub(crate) fn bias(&self) -> Option<&TensorData> {
        self.bias.as_ref().map(Constant::data)
    }

    pub(crate) fn positions(&self) -> usize {
        self.positions
    }

    /// `[inputs, outputs]`
    pub(crate) fn extents(&self) -> [usize; 2] {
        [self.weight.data().shape()[0], self.weight.data().shape()[1]]
    }

    /// One row per position: `[count * positions, outputs]`.
    fn split(&self, rows: Tensor<2>) -> Tensor<2> {
        let [count, _] = rows.dims();
        rows.reshape([count * self.positions, self.extents()[1]])
    }

    fn through(&self, rows: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
        let [count, _] = rows.dims();
        let pulled = self.split(rows).matmul(weight.transpose());
        pulled.reshape([count, self.positions * self.extents()[0]])
    }

    fn offset(&self, rows: Tensor<2>) -> Option<Tensor<2>> {
        let bias = self.bias.as_ref()?.tensor().transpose();
        let [count, _] = rows.dims();
        let parts = self.split(rows).matmul(bias);
        Some(parts.reshape([count, self.positions]).sum_dim(1))
    }
}

impl PiecewiseLinear for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn detail(&self) -> String {
        if self.positions == 1 { String::new() } else { format!("{} positions", self.positions) }
    }

    fn parameters(&self) -> usize {
        self.weight.len() + self.bias.as_ref().map_or(0, Constant::len)
    }

    fn constants(&self) -> Vec<&[u8]> {
        let bias = self.bias.iter().map(Constant::bytes);
        std::iter::once(self.weight.bytes()).chain(bias).collect()
    }

    fn place(&self, placement: &Placement) -> Op {
        Self {
            weight: self.weight.place(placement),
            bias: self.bias.as_ref().map(|bias| bias.place(placement)),
            positions: self.positions,
        }
        .into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let [width, outputs] = self.extents();
        let input = only(inputs);
        let [points, _] = input.dims();
        let product = input.reshape([points * self.positions, width]).matmul(self.weight.tensor());
        let output = match &self.bias {
            None => product,
            Some(bias) => product + bias.tensor(),
        };
        (output.reshape([points, self.positions * outputs]), Piece::Affine)
    }

    fn pullback(&self, rows: Rows, _: &Piece) -> Pulled {
        let points = rows.points();
        let rows = rows.into_tensor();
        let offset = self.offset(rows.clone());
        let pulled = self.through(rows, self.weight.tensor());
        Pulled { rows: vec![Rows::new(pulled, points)], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let pull = |rows, weight| self.through(rows, weight);
        vec![interval.through(self.weight.tensor(), pull)]
    }
}
