//! Sum of two values.

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows};
use crate::ComputeTarget;

/// `x + y` for two values of equal shape.
#[derive(Clone, Debug)]
pub struct Add;

impl PiecewiseLinear for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn to_target(&self, _: &ComputeTarget) -> Op {
        Self.into()
    }

    fn map_constants(&self, _: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        self.to_target(target)
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let mut inputs = inputs.into_iter();
        let (left, right) =
            inputs.next().zip(inputs.next()).expect("`Add` is built with two inputs");
        (left + right, Piece::Affine)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let squares = inputs.into_iter().map(|input| input.square()).collect();
        Some(self.forward(squares).0)
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.forward(directions).0
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        PulledRows { rows: vec![rows.clone(), rows], offset: None }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval.clone(), interval]
    }
}
