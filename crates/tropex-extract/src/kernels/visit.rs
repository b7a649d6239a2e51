//! Rows of a product whose largest entry matters, and no others.

use burn::tensor::{Int, Tensor, TensorData};
use rayon::prelude::*;

/// Calls `visit` for the rows of `scores + bias` whose largest entry is `wanted`, each with its
/// state and the row's entries. `scores` is `[rows, columns]`, `bias` `[1, columns]`, both f32,
/// and there is a state per row. Rows are looked at in any order, on all cores.
///
/// Entries must be finite: what is not a number may be passed over.
pub(crate) fn visit_rows<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    #[cfg(feature = "flex")]
    if super::flex::holds(&scores) && super::flex::holds(&bias) {
        return in_place(scores, bias, states, wanted, visit);
    }
    visit_anywhere(scores, bias, states, wanted, visit);
}

/// Finds the maxima where the tensor is, and fetches the wanted rows only.
pub(super) fn visit_anywhere<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    let columns = scores.dims()[1];
    let sums = scores + bias;
    let peaks = sums.clone().max_dim(1).into_data();
    let states = states.iter_mut().zip(peaks.iter::<f32>());
    let chosen = states.enumerate().filter(|(_, (state, peak))| wanted(state, *peak));
    let (rows, mut states): (Vec<i64>, Vec<&mut S>) =
        chosen.map(|(row, (state, _))| (row as i64, state)).unzip();
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &sums.device());
    let entries: Vec<f32> = sums.select(0, rows).into_data().iter().collect();
    let rows = entries.par_chunks_exact(columns);
    states.par_iter_mut().zip(rows).for_each(|(state, row)| visit(state, row));
}

/// The same on tensors of the `flex` backend, where nothing is copied but the wanted rows.
#[cfg(feature = "flex")]
pub(super) fn in_place<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    let (scores, bias) = (super::flex::held(scores), super::flex::held(bias));
    let bias = bias.storage::<f32>();
    let rows = scores.storage::<f32>().par_chunks_exact(bias.len());
    states.par_iter_mut().zip(rows).for_each_init(Vec::new, |sums, (state, row)| {
        if wanted(state, peak(row, bias)) {
            sums.clear();
            sums.extend(row.iter().zip(bias).map(|(score, bias)| score + bias));
            visit(state, sums);
        }
    });
}

/// The largest sum of two lists, entry by entry.
#[cfg(feature = "flex")]
fn peak(row: &[f32], bias: &[f32]) -> f32 {
    /// Enough maxima side by side for the widest registers.
    const LANES: usize = 32;
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (rows, biases) = (row.chunks_exact(LANES), bias.chunks_exact(LANES));
    let rest = rows.remainder().iter().zip(biases.remainder());
    for (row, bias) in rows.zip(biases) {
        for ((lane, score), bias) in lanes.iter_mut().zip(row).zip(bias) {
            *lane = larger(*lane, score + bias);
        }
    }
    let rest = rest.map(|(score, bias)| score + bias);
    lanes.into_iter().chain(rest).fold(f32::NEG_INFINITY, larger)
}
