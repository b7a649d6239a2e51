//! Rows times weights.

use burn::tensor::Tensor;

use crate::constant::Constant;

/// `rows . weight`: rows `[groups * points, inputs]`, group by group, weights `[inputs, outputs]`.
/// Where rows are mostly zero, these entries are skipped.
pub(crate) fn multiply(rows: Tensor<2>, points: usize, weight: &Constant<2>) -> Tensor<2> {
    product(rows, points, weight.tensor(), || weight.tensor())
}

/// `rows . weight^T`: rows `[groups * points, outputs]`.
pub(crate) fn multiply_transposed(
    rows: Tensor<2>,
    points: usize,
    weight: &Constant<2>,
) -> Tensor<2> {
    product(rows, points, weight.tensor().transpose(), || weight.transposed())
}

/// `in_order` has the numbers of `weight` row by row.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
fn product(
    rows: Tensor<2>,
    points: usize,
    weight: Tensor<2>,
    in_order: impl FnOnce() -> Tensor<2>,
) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if super::flex::holds(&rows)
        && let Some(product) =
            super::flex::sparse_product(&rows, points, weight.dims()[1], in_order)
    {
        return product;
    }
    rows.matmul(weight)
}
