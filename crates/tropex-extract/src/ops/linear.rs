//! Fully connected layers.

use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{AffineRows, Constant, PackedWeight, matmul};

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// `x W + b` with `W` of shape `[inputs, outputs]`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Constant<2>,
    /// The weights in the format of the product kernels.
    factor: PackedWeight,
    /// `[1, outputs]`
    bias: Option<Constant<2>>,
}

impl Linear {
    /// A layer without bias and with `weight` `[inputs, outputs]`.
    pub(crate) fn new(weight: TensorData, target: &ComputeTarget) -> Self {
        Self::of(Constant::new(weight, target), None)
    }

    fn of(weight: Constant<2>, bias: Option<Constant<2>>) -> Self {
        Self { factor: PackedWeight::new(weight.tensor()), weight, bias }
    }

    /// The layer with a bias `[1, outputs]`.
    pub(crate) fn with_bias(self, bias: TensorData, target: &ComputeTarget) -> Self {
        Self { bias: Some(Constant::new(bias, target)), ..self }
    }

    /// The weights, `[inputs, outputs]`.
    pub fn weight(&self) -> &TensorData {
        self.weight.data()
    }

    /// The bias, `[1, outputs]`.
    pub fn bias(&self) -> Option<&TensorData> {
        self.bias.as_ref().map(Constant::data)
    }

    fn push(&self, values: Vec<Tensor<2>>, bias: Option<&Constant<2>>) -> Tensor<2> {
        let values = only(values);
        let [points, _] = values.dims();
        self.factor.product(values, points, bias.map(Constant::tensor))
    }

    /// The extents `[inputs, outputs]`.
    pub fn extents(&self) -> [usize; 2] {
        [self.weight.data().shape()[0], self.weight.data().shape()[1]]
    }
}

impl PiecewiseLinear for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn parameters(&self) -> usize {
        self.weight.len() + self.bias.as_ref().map_or(0, Constant::len)
    }

    fn constants(&self) -> Vec<&[u8]> {
        let bias = self.bias.iter().map(Constant::bytes);
        std::iter::once(self.weight.bytes()).chain(bias).collect()
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let bias = self.bias.as_ref().map(|bias| bias.to_target(target));
        Self::of(self.weight.to_target(target), bias).into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        let bias = self.bias.as_ref().map(|bias| bias.map(change, target));
        Self::of(self.weight.map(change, target), bias).into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        (self.push(inputs, self.bias.as_ref()), Piece::Affine)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let sums = matmul(only(inputs).square(), self.weight.tensor().square());
        Some(match &self.bias {
            None => sums,
            Some(bias) => sums + bias.tensor().square(),
        })
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.push(directions, None)
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        let bias = self.bias.as_ref().map(Constant::tensor);
        let (rows, offset) = self.factor.pullback(rows, bias);
        PulledRows { rows: vec![rows], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![
            interval.through(self.weight.tensor(), |rows, weight| matmul(rows, weight.transpose())),
        ]
    }
}
