//! Rows times weights, and planes under kernels. Where rows are mostly zero, these entries are
//! skipped.

use burn::tensor::Tensor;

use super::{Neighbours, Panels};
use crate::constant::Constant;

/// `rows . weight`: rows `[groups * points, inputs]`, group by group, weights `[inputs, outputs]`.
pub(crate) fn multiply(rows: Tensor<2>, points: usize, weight: &Constant<2>) -> Tensor<2> {
    let skipped = multiply_skipping(&rows, points, weight.len(), || weight.panels());
    skipped.unwrap_or_else(|| rows.matmul(weight.tensor()))
}

/// `rows . weight^T`: rows `[groups * points, outputs]`.
pub(crate) fn multiply_transposed(
    rows: Tensor<2>,
    points: usize,
    weight: &Constant<2>,
) -> Tensor<2> {
    let skipped = multiply_skipping(&rows, points, weight.len(), || weight.transposed_panels());
    skipped.unwrap_or_else(|| rows.matmul(weight.tensor().transpose()))
}

/// The product with so many weights; none if zeros are too few, or cannot be [skipped](can_skip).
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
fn multiply_skipping<'w>(
    rows: &Tensor<2>,
    points: usize,
    weights: usize,
    panels: impl FnOnce() -> &'w Panels,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    if can_skip(rows) {
        let [_, inputs] = rows.dims();
        return super::flex::sparse_product(rows, points, weights / inputs, panels);
    }
    None
}

/// Whether zeros in values can be skipped on their device.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn can_skip(values: &Tensor<2>) -> bool {
    #[cfg(feature = "flex")]
    return super::flex::holds(values);
    #[cfg(not(feature = "flex"))]
    return false;
}

/// Planes `[groups * points, channels * cells]`, group by group, under weights
/// `[kernel * inputs, outputs]` from neighbour to neighbour; none if zeros are too few, or cannot be
/// [skipped](can_skip).
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn correlate(
    planes: &Tensor<2>,
    points: usize,
    neighbours: &Neighbours,
    channels: [usize; 2],
    bias: Option<&Tensor<1>>,
    weights: &Panels,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    return super::flex::sparse_correlation(planes, points, neighbours, channels, bias, weights);
    #[cfg(not(feature = "flex"))]
    return None;
}
