//! Rows times weights, where zeros are skipped, and planes under convolutions.

use burn::tensor::Tensor;

use super::{Panels, Stencil};
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

/// The product with so many weights; none if zeros are too few, or [out of reach](is_ours).
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
fn multiply_skipping<'w>(
    rows: &Tensor<2>,
    points: usize,
    weights: usize,
    panels: impl FnOnce() -> &'w Panels,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    if is_ours(rows) {
        let [_, inputs] = rows.dims();
        return super::flex::sparse_product(rows, points, weights / inputs, panels);
    }
    None
}

/// Whether values lie where kernels of ours can read them.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn is_ours(values: &Tensor<2>) -> bool {
    #[cfg(feature = "flex")]
    return super::flex::holds(values);
    #[cfg(not(feature = "flex"))]
    return false;
}

/// Planes `[groups * points, channels * cells]`, group by group, under a stencil, and a bias for every
/// channel of the output; none if that is the backend's matter.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    return super::flex::correlation(planes, points, stencil, bias);
    #[cfg(not(feature = "flex"))]
    return None;
}
