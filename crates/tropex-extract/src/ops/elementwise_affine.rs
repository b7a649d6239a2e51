//! Elementwise affine maps: batch norm in evaluation mode, and the addition of constants.

use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{AffineRows, Constant, matmul};

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// `factor * x + offset`, elementwise. Factors may be negative.
#[derive(Clone, Debug)]
pub struct ElementwiseAffine {
    factor: Option<Constant<2>>,
    offset: Option<Constant<2>>,
}

impl ElementwiseAffine {
    /// The map with factors and offsets `[1, features]`. A missing factor is 1, a missing offset is
    /// 0.
    pub(crate) fn new(
        factor: Option<TensorData>,
        offset: Option<TensorData>,
        target: &ComputeTarget,
    ) -> Self {
        let constant = |data| Constant::new(data, target);
        Self { factor: factor.map(constant), offset: offset.map(constant) }
    }

    pub(crate) fn factor(&self) -> Option<&TensorData> {
        self.factor.as_ref().map(Constant::data)
    }

    pub(crate) fn offset(&self) -> Option<&TensorData> {
        self.offset.as_ref().map(Constant::data)
    }

    /// The map of one of `pieces` equal parts, if all parts have equal factors and offsets.
    pub(crate) fn of_each(&self, pieces: usize, target: &ComputeTarget) -> Option<Self> {
        let piece = |constant: &Option<Constant<2>>| {
            let Some(constant) = constant else { return Some(None) };
            let values: Vec<f64> = constant.data().iter().collect();
            let width = values.len() / pieces;
            let is_uniform = values.chunks_exact(width).all(|piece| *piece == values[..width]);
            is_uniform.then(|| Some(TensorData::new(values[..width].to_vec(), [1, width])))
        };
        Some(Self::new(piece(&self.factor)?, piece(&self.offset)?, target))
    }

    fn constants(&self) -> impl Iterator<Item = &Constant<2>> {
        self.factor.iter().chain(&self.offset)
    }
}

impl PiecewiseLinear for ElementwiseAffine {
    fn name(&self) -> &'static str {
        if self.factor.is_some() { "scale" } else { "offset" }
    }

    fn parameters(&self) -> usize {
        self.constants().map(Constant::len).sum()
    }

    fn constants(&self) -> Vec<&[u8]> {
        ElementwiseAffine::constants(self).map(Constant::bytes).collect()
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let move_constant = |constant: &Constant<2>| constant.to_target(target);
        Self {
            factor: self.factor.as_ref().map(move_constant),
            offset: self.offset.as_ref().map(move_constant),
        }
        .into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        let map = |constant: &Constant<2>| constant.map(change, target);
        Self { factor: self.factor.as_ref().map(map), offset: self.offset.as_ref().map(map) }.into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let mut values = self.pushforward(inputs, &Piece::Affine);
        if let Some(offset) = &self.offset {
            values = values + offset.tensor();
        }
        (values, Piece::Affine)
    }

    fn squares(&self, inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        let squares = self.pushforward(inputs, &Piece::Affine).square();
        Some(match &self.offset {
            None => squares,
            Some(offset) => squares + offset.tensor().square(),
        })
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        let directions = only(directions);
        match &self.factor {
            None => directions,
            Some(factor) => directions * factor.tensor(),
        }
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        let points = rows.points();
        let mut rows = rows.into_tensor();
        let offset = self.offset.as_ref().map(|o| matmul(rows.clone(), o.tensor().transpose()));
        if let Some(factor) = &self.factor {
            rows = rows * factor.tensor();
        }
        PulledRows { rows: vec![AffineRows::new(rows, points)], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let Some(factor) = &self.factor else { return vec![interval] };
        vec![interval.through(factor.tensor(), |rows, factor| rows * factor)]
    }
}
