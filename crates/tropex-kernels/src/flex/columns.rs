//! Columns of a matrix and winners of windows, gathered and scattered.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use crate::attempt::Attempt;
use crate::data::Columns;
use crate::simd::{Float, for_float, held, holds, positions, zeros};

/// [`crate::pick`], or the unchanged values if `flex` does not hold them.
pub(crate) fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Attempt<Tensor<2>> {
    if !holds(&values) {
        return Attempt::Continue(values);
    }
    let (values, winners) = (held(values), positions(winner));
    let extents = winner.dims();
    let picked = for_float!(values.dtype(), pick_in(&values, &winners, extents, cells));
    Attempt::Break(Tensor::from_primitive::<Flex>(picked))
}

fn pick_in<F: Float>(
    values: &FlexTensor,
    winners: &[u32],
    [points, channels, windows]: [usize; 3],
    cells: usize,
) -> FlexTensor {
    let features = channels * windows;
    from_rows(values, features, |index, source: &[F], target| {
        let winners = &winners[index % points * features..][..features];
        for (entry, (target, &cell)) in target.iter_mut().zip(winners).enumerate() {
            *target = source[entry / windows * cells + cell as usize];
        }
    })
}

/// [`crate::gather`], or the unchanged values if `flex` does not hold them.
pub(crate) fn gather(values: Tensor<2>, columns: &Columns) -> Attempt<Tensor<2>> {
    if !holds(&values) {
        return Attempt::Continue(values);
    }
    let values = held(values);
    let gathered = for_float!(values.dtype(), gather_in(&values, columns.numbers()));
    Attempt::Break(Tensor::from_primitive::<Flex>(gathered))
}

fn gather_in<F: Float>(values: &FlexTensor, columns: &[u32]) -> FlexTensor {
    from_rows(values, columns.len(), |_, source: &[F], target| {
        for (target, &column) in target.iter_mut().zip(columns) {
            if column != Columns::NONE {
                *target = source[column as usize];
            }
        }
    })
}

/// [`crate::scatter_add`], or the unchanged values if `flex` does not hold them.
pub(crate) fn scatter_add(
    values: Tensor<2>,
    columns: &Columns,
    width: usize,
) -> Attempt<Tensor<2>> {
    if !holds(&values) {
        return Attempt::Continue(values);
    }
    let values = held(values);
    let sums = for_float!(values.dtype(), scatter_add_in(&values, columns.numbers(), width));
    Attempt::Break(Tensor::from_primitive::<Flex>(sums))
}

fn scatter_add_in<F: Float>(values: &FlexTensor, columns: &[u32], width: usize) -> FlexTensor {
    from_rows(values, width, |_, source: &[F], target| {
        for (&value, &column) in source.iter().zip(columns) {
            if column != Columns::NONE {
                target[column as usize] += value;
            }
        }
    })
}

/// Makes a matrix `[rows, width]` of zeros and calls `fill(index, row of values, row of the
/// matrix)` for every row.
fn from_rows<F: Float>(
    values: &FlexTensor,
    width: usize,
    fill: impl Fn(usize, &[F], &mut [F]) + Sync,
) -> FlexTensor {
    let [count, features] = [values.layout().shape()[0], values.layout().shape()[1]];
    let source = values.storage::<F>();
    let mut result = zeros::<F>([count, width]);
    let blocks = result.storage_mut::<F>().par_chunks_mut(width * ROWS_PER_TASK);
    let blocks = blocks.zip(source.par_chunks(features * ROWS_PER_TASK)).enumerate();
    blocks.for_each(|(block, (target, source))| {
        let rows = source.chunks_exact(features).zip(target.chunks_exact_mut(width));
        rows.zip(block * ROWS_PER_TASK..)
            .for_each(|((source, target), index)| fill(index, source, target));
    });
    result
}
