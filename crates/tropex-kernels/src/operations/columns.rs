//! Columns of a matrix, gathered and scattered.

use burn::tensor::Tensor;

use crate::attempt::or_else;
use crate::data::Columns;
use crate::{flex, generic};

/// A matrix whose column `j` is column `columns[j]` of `values`, or zero without a source.
///
/// # Shapes
/// - values: `[rows, source columns]`
/// - output: `[rows, columns]`
pub fn gather(values: Tensor<2>, columns: &Columns) -> Tensor<2> {
    or_else(flex::gather(values, columns), |values| generic::gather(values, columns))
}

/// The transpose of [`gather`]: column `c` of the result is the sum of the columns `j` of `values`
/// with `columns[j] == c`.
///
/// # Shapes
/// - values: `[rows, columns]`
/// - output: `[rows, width]`
pub fn scatter_add(values: Tensor<2>, columns: &Columns, width: usize) -> Tensor<2> {
    let sums = flex::scatter_add(values, columns, width);
    or_else(sums, |values| generic::scatter_add(values, columns, width))
}
