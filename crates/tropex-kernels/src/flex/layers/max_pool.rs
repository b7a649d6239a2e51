//! Max pooling of planes. The first of equal cells wins, as in Burn and PyTorch.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::WindowPatterns;
use super::planes::PlaneShape;
use crate::simd::{SimdFloat, with_simd};
use crate::sparsity::Taps;

/// Cells per task.
const CELLS: usize = 8;

/// The maxima of all windows, and the kernel cell of each.
pub(super) fn maxima<F: SimdFloat>(
    patterns: &WindowPatterns,
    shape: PlaneShape,
    input: &[F],
) -> (Vec<F>, Vec<u32>) {
    let (cell_len, pattern) = (shape.cell_len(), &patterns.forward);
    let count = pattern.outputs() * cell_len;
    let (mut values, mut winners) = (vec![F::ZERO; count], vec![0; count]);
    let tasks = values.par_chunks_mut(CELLS * cell_len);
    let tasks = tasks.zip(winners.par_chunks_mut(CELLS * cell_len)).enumerate();
    tasks.for_each(|(task, (values, winners))| {
        let cells = task * CELLS..task * CELLS + values.len() / cell_len;
        with_simd(MaximizeCells { patterns, cell_len, input, cells, values, winners });
    });
    (values, winners)
}

/// The gradient of the input: every window passes its gradient to its winner.
pub(super) fn gradient_of_input<F: SimdFloat>(
    patterns: &WindowPatterns,
    shape: PlaneShape,
    winners: &[u32],
    gradient: &[F],
    kernel_cells: usize,
) -> Vec<F> {
    let cell_len = shape.cell_len();
    let mut input = vec![F::ZERO; patterns.transposed.outputs() * cell_len];
    input.par_chunks_mut(CELLS * cell_len).enumerate().for_each(|(task, input)| {
        let first = task * CELLS;
        with_simd(CollectCells {
            patterns,
            cell_len,
            winners,
            gradient,
            kernel_cells,
            first,
            input,
        });
    });
    input
}

/// The taps of a cell, one by one: kernel cell and cell.
#[inline(always)]
fn single_taps(taps: &[Taps]) -> impl Iterator<Item = (u32, usize)> {
    taps.iter().flat_map(|taps| {
        (0..taps.count).map(|index| (taps.kernel + index, (taps.input + index) as usize))
    })
}

struct MaximizeCells<'a, F> {
    patterns: &'a WindowPatterns,
    cell_len: usize,
    input: &'a [F],
    cells: Range<usize>,
    values: &'a mut [F],
    winners: &'a mut [u32],
}

impl<F: SimdFloat> WithSimd for MaximizeCells<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let found = self.values.chunks_exact_mut(self.cell_len);
        let found = found.zip(self.winners.chunks_exact_mut(self.cell_len));
        for (cell, (values, winners)) in self.cells.zip(found) {
            let taps = single_taps(self.patterns.forward.taps_of(cell));
            for (index, (kernel, input)) in taps.enumerate() {
                let input = &self.input[input * self.cell_len..][..self.cell_len];
                if index == 0 {
                    values.copy_from_slice(input);
                    winners.fill(kernel);
                    continue;
                }
                for ((value, winner), &rival) in values.iter_mut().zip(&mut *winners).zip(input) {
                    let wins = rival > *value;
                    *value = if wins { rival } else { *value };
                    *winner = if wins { kernel } else { *winner };
                }
            }
        }
    }
}

struct CollectCells<'a, F> {
    patterns: &'a WindowPatterns,
    cell_len: usize,
    winners: &'a [u32],
    gradient: &'a [F],
    kernel_cells: usize,
    first: usize,
    input: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for CollectCells<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (index, input) in self.input.chunks_exact_mut(self.cell_len).enumerate() {
            let taps = single_taps(self.patterns.transposed.taps_of(self.first + index));
            for (kernel, window) in taps {
                let kernel = self.kernel_cells as u32 - 1 - kernel;
                let span = window * self.cell_len..(window + 1) * self.cell_len;
                let won = self.winners[span.clone()].iter().zip(&self.gradient[span]);
                for (to, (&winner, &gradient)) in input.iter_mut().zip(won) {
                    *to += if winner == kernel { gradient } else { F::ZERO };
                }
            }
        }
    }
}
