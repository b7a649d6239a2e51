//! Scaling and shifting of single features: batch norm in evaluation mode, constants added.

use burn::tensor::{Tensor, TensorData};

use super::{Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::constant::Constant;
use crate::interval::Interval;
use crate::kernels::matmul;
use crate::rows::Rows;

/// `factor * x + offset`, feature by feature; factors may be negative.
#[derive(Clone, Debug)]
pub struct Diagonal {
    factor: Option<Constant<2>>,
    offset: Option<Constant<2>>,
}

impl Diagonal {
    /// Both are `[1, features]`; a missing factor is one, a missing offset zero.
    pub(crate) fn new(
        factor: Option<TensorData>,
        offset: Option<TensorData>,
        placement: &Placement,
    ) -> Self {
        let constant = |data| Constant::new(data, placement);
        Self { factor: factor.map(constant), offset: offset.map(constant) }
    }

    pub(crate) fn factor(&self) -> Option<&TensorData> {
        self.factor.as_ref().map(Constant::data)
    }

    pub(crate) fn offset(&self) -> Option<&TensorData> {
        self.offset.as_ref().map(Constant::data)
    }

    /// The map of one of several equal pieces, if it is the same for all.
    pub(crate) fn of_each(&self, pieces: usize, placement: &Placement) -> Option<Self> {
        let piece = |constant: &Option<Constant<2>>| {
            let Some(constant) = constant else { return Some(None) };
            let values: Vec<f64> = constant.data().iter().collect();
            let width = values.len() / pieces;
            let alike = values.chunks_exact(width).all(|piece| *piece == values[..width]);
            alike.then(|| Some(TensorData::new(values[..width].to_vec(), [1, width])))
        };
        Some(Self::new(piece(&self.factor)?, piece(&self.offset)?, placement))
    }

    fn constants(&self) -> impl Iterator<Item = &Constant<2>> {
        self.factor.iter().chain(&self.offset)
    }
}

impl PiecewiseLinear for Diagonal {
    fn name(&self) -> &'static str {
        if self.factor.is_some() { "scale" } else { "offset" }
    }

    fn parameters(&self) -> usize {
        self.constants().map(Constant::len).sum()
    }

    fn constants(&self) -> Vec<&[u8]> {
        Diagonal::constants(self).map(Constant::bytes).collect()
    }

    fn place(&self, placement: &Placement) -> Op {
        let place = |constant: &Constant<2>| constant.place(placement);
        Self { factor: self.factor.as_ref().map(place), offset: self.offset.as_ref().map(place) }
            .into()
    }

    fn map_constants(&self, change: &dyn Fn(f64) -> f64, placement: &Placement) -> Op {
        let map = |constant: &Constant<2>| constant.map(change, placement);
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

    fn pullback(&self, rows: Rows, _: &Piece) -> Pulled {
        let points = rows.points();
        let mut rows = rows.into_tensor();
        let offset = self.offset.as_ref().map(|o| matmul(rows.clone(), o.tensor().transpose()));
        if let Some(factor) = &self.factor {
            rows = rows * factor.tensor();
        }
        Pulled { rows: vec![Rows::new(rows, points)], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let Some(factor) = &self.factor else { return vec![interval] };
        vec![interval.through(factor.tensor(), |rows, factor| rows * factor)]
    }
}
