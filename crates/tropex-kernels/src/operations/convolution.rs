//! Convolutions of planes, and their pullbacks of rows.

use burn::tensor::Tensor;

use crate::data::{AffineRows, RowsAndOffset, Stencil};
use crate::flex;

/// Planes through a stencil, plus a bias per output channel. `None` if the planes are not in the
/// memory of this process or are too few. The caller then uses the backend's own convolution.
///
/// # Shapes
/// - planes: `[groups * points, input channels * cells]`, group by group
/// - bias: `[output channels]`
/// - output: `[groups * points, output channels * cells]`
pub fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    flex::correlate(planes, points, stencil, bias)
}

/// Rows pulled back through a stencil where their active mask is positive, and the sums of the rows
/// times a bias per channel. `None` if the unmasked product takes less time.
///
/// # Shapes
/// - rows: `[groups * points, input channels * cells]`
/// - bias: `[input channels]`
/// - output: `[groups * points, output channels * cells]` and `[groups * points, 1]`
pub fn correlate_masked(
    rows: &AffineRows,
    stencil: &Stencil,
    bias: Option<Tensor<1>>,
) -> Option<RowsAndOffset> {
    flex::correlate_masked(rows, stencil, bias)
}
