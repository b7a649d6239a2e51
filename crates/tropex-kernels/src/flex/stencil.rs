//! Planes and rows through a stencil.

use std::sync::OnceLock;

use burn::backend::Flex;
use burn::tensor::Tensor;

use super::masked_gemm::{self, Alternative, LinearMap};
use super::packed::PackedMatrix;
use super::simd::MAX_ROWS;
use super::{convolution, held, holds, sparse};
use crate::{AffineRows, RowsAndOffset, Stencil, get_or_init};

/// The layouts of a stencil's weight, filled when they are first needed.
#[derive(Debug, Default)]
pub(crate) struct PackedStencil {
    wide: OnceLock<PackedMatrix>,
    narrow: OnceLock<PackedMatrix>,
    by_output: OnceLock<Tensor<2>>,
}

impl Stencil {
    /// The weight in wide panels.
    pub(super) fn wide(&self) -> &PackedMatrix {
        get_or_init(&self.as_ref().wide, || PackedMatrix::wide(self.weight().clone()))
    }

    /// The weight in panels of at most [`MAX_ROWS`] columns.
    pub(super) fn narrow(&self) -> &PackedMatrix {
        let pack = || PackedMatrix::narrow(self.weight().clone(), MAX_ROWS);
        get_or_init(&self.as_ref().narrow, pack)
    }

    /// The weight `[output channels, kernel cells * input channels]`.
    fn by_output(&self) -> &Tensor<2> {
        get_or_init(&self.as_ref().by_output, || {
            let weight = self.weight();
            let transposed = weight.clone().transpose().into_data();
            Tensor::from_data(transposed, (&weight.device(), weight.dtype()))
        })
    }
}

/// [`crate::correlate`], if `flex` holds the planes: by their entries where many are zero, else dense.
pub(crate) fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    if !holds(planes) {
        return None;
    }
    let (planes, bias) = (held(planes.clone()), bias.cloned().map(held));
    let result = sparse::correlation(&planes, points, stencil, bias.as_ref())
        .or_else(|| convolution::correlation(&planes, stencil, bias.as_ref()));
    result.map(Tensor::from_primitive::<Flex>)
}

/// [`crate::correlate_masked`].
pub(crate) fn correlate_masked(
    rows: &AffineRows,
    stencil: &Stencil,
    bias: Option<Tensor<1>>,
) -> Option<RowsAndOffset> {
    let [_, outputs] = stencil.channels();
    let cost = |density| sparse::cost(density, rows.groups(), outputs).min(1.0);
    let map = || LinearMap {
        pattern: stencil.pattern(),
        channels: stencil.channels(),
        weights: held(stencil.by_output().clone()),
    };
    masked_gemm::pullback(rows, map, Alternative { cost, reads_interleaved: false }, bias)
}
