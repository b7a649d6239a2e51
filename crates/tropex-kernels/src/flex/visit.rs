//! A visit of the rows of a score matrix that are selected by their largest entry.

use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::simd::held;

/// [`crate::visit_rows`], for tensors that `flex` holds: copies nothing but the wanted rows.
pub(crate) fn visit_rows<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    let (scores, bias) = (held(scores), held(bias));
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

/// The largest entry of `row + bias`.
fn peak(row: &[f32], bias: &[f32]) -> f32 {
    /// Number of independent maxima, enough for the widest SIMD registers.
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
