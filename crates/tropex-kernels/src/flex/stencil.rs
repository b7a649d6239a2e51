//! Convolutions of planes, and their pullbacks of rows: the choice among the kernels.

use burn::backend::Flex;
use burn::tensor::Tensor;

use super::masked_gemm::{self, AlternativeProduct, LinearMap};
use super::{convolution, sparse};
use crate::data::{AffineRows, RowsAndOffset, Stencil};
use crate::simd::{PackedMatrix, PackedStencil, held, holds};

impl Stencil {
    /// The weight in wide panels.
    pub(super) fn wide(&self) -> &PackedMatrix {
        self.packed().wide(self.weight())
    }

    /// The weight in panels of at most [`MAX_ROWS`](crate::simd::MAX_ROWS) columns.
    pub(super) fn narrow(&self) -> &PackedMatrix {
        self.packed().narrow(self.weight())
    }

    fn packed(&self) -> &PackedStencil {
        self.as_ref()
    }
}

/// [`crate::correlate`], if `flex` holds the planes: sparse if many numbers are zero, else dense.
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
        weights: held(stencil.packed().by_output(stencil.weight()).clone()),
    };
    masked_gemm::pullback(rows, map, AlternativeProduct { cost, reads_interleaved: false }, bias)
}
