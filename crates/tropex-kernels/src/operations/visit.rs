//! A visit of the rows of a score matrix that are selected by their largest entry.

use burn::tensor::Tensor;

use crate::{flex, generic, simd};

/// Calls `visit` for every row of `scores + bias` whose largest entry is `wanted`, with the state
/// of the row and its entries. Rows are visited in any order, on all cores. Entries must be finite:
/// a NaN may be ignored.
///
/// # Shapes
/// - scores: `[rows, columns]` in f32, with one state per row
/// - bias: `[1, columns]` in f32
pub fn visit_rows<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    if simd::holds(&scores) && simd::holds(&bias) {
        flex::visit_rows(scores, bias, states, wanted, visit);
    } else {
        generic::visit_rows(scores, bias, states, wanted, visit);
    }
}
