//! Concatenation.

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows};
use crate::ComputeTarget;

/// The features of all inputs, concatenated.
#[derive(Clone, Debug)]
pub struct Concat {
    /// Number of features of every input.
    widths: Vec<usize>,
}

impl Concat {
    /// The operation on inputs with the given numbers of features.
    pub(crate) fn new(widths: Vec<usize>) -> Self {
        Self { widths }
    }

    /// The columns of each input in values or rows at the output.
    fn split(&self, rows: &Tensor<2>) -> Vec<Tensor<2>> {
        let mut first = 0;
        let part = |&width: &usize| {
            let part = rows.clone().narrow(1, first, width);
            first += width;
            part
        };
        self.widths.iter().map(part).collect()
    }
}

impl PiecewiseLinear for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn to_target(&self, _: &ComputeTarget) -> Op {
        self.clone().into()
    }

    fn map_constants(&self, _: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        self.to_target(target)
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        (Tensor::cat(inputs, 1), Piece::Affine)
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.forward(directions).0
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        let points = rows.points();
        let parts = self.split(&rows.into_tensor()).into_iter();
        PulledRows { rows: parts.map(|part| AffineRows::new(part, points)).collect(), offset: None }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let uppers = self.split(&interval.upper).into_iter();
        let lowers: Vec<Option<Tensor<2>>> = match &interval.lower {
            None => vec![None; self.widths.len()],
            Some(lower) => self.split(lower).into_iter().map(Some).collect(),
        };
        uppers.zip(lowers).map(|(upper, lower)| Interval { upper, lower }).collect()
    }
}
