//! Planes and rows through a stencil.

use burn::tensor::Tensor;

use crate::data::{AffineRows, RowsAndOffset, Stencil};
use crate::flex;

/// Planes through a stencil, plus a bias per output channel. `None` if the planes are not in the memory
/// of this process or are too few: the caller then uses the backend's own convolution.
///
/// # Shapes
/// - planes: `[groups * points, channels * cells]`, group by group
/// - bias: `[output channels]`
pub fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    flex::correlate(planes, points, stencil, bias)
}

/// Rows pulled back through a stencil where their active mask is positive, and the sums `[rows, 1]` of
/// the rows times a bias per channel. `None` if computing the whole product costs less.
pub fn correlate_masked(
    rows: &AffineRows,
    stencil: &Stencil,
    bias: Option<Tensor<1>>,
) -> Option<RowsAndOffset> {
    flex::correlate_masked(rows, stencil, bias)
}
