//! Sums over the cells that a cell sees, for a few channels and points at a time.

use std::ops::Range;

use pulp::Simd;

use crate::data::Stencil;
use crate::simd::{Panel, SimdFloat, add_products, with_rows, zero_block};
use crate::sparsity::Taps;

/// Some cells of the output of a stencil.
pub(super) struct Tiles<'a, F> {
    pub(super) stencil: &'a Stencil,
    /// The input, `[cells, channels, width]`.
    pub(super) packed: &'a [F],
    pub(super) cells: Range<usize>,
}

impl<F: SimdFloat> Tiles<'_, F> {
    /// Writes sums `[cells, channels, width]` for as many points as `VECTORS` vectors hold.
    #[inline(always)]
    pub(super) fn sum<S: Simd, const VECTORS: usize>(&self, simd: S, sums: &mut [F]) {
        let width = VECTORS * F::lanes::<S>();
        let cell_size = self.stencil.channels()[1] * width;
        for panel in self.stencil.narrow().all::<F>() {
            let channels = panel.columns.start * width..panel.columns.end * width;
            for (cell, sums) in self.cells.clone().zip(sums.chunks_exact_mut(cell_size)) {
                let runs = self.stencil.pattern().taps_of(cell);
                self.tile::<S, VECTORS>(simd, runs, &panel, &mut sums[channels.clone()]);
            }
        }
    }

    /// Writes sums `[columns, width]` for the columns of a panel.
    #[inline(always)]
    fn tile<S: Simd, const VECTORS: usize>(
        &self,
        simd: S,
        runs: &[Taps],
        panel: &Panel<'_, F>,
        sums: &mut [F],
    ) {
        with_rows!(panel.width, COLUMNS => self.tile_of::<S, COLUMNS, VECTORS>(simd, runs, panel, sums))
    }

    #[inline(always)]
    fn tile_of<S: Simd, const COLUMNS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        runs: &[Taps],
        panel: &Panel<'_, F>,
        sums: &mut [F],
    ) {
        let width = VECTORS * F::lanes::<S>();
        let weights = panel.weights.as_chunks::<COLUMNS>().0;
        let mut block = zero_block::<F, S, COLUMNS, VECTORS>(simd);
        for run in runs {
            let [kernel, input, count] = run.rows(self.stencil.channels()[0]);
            let weights = &weights[kernel..][..count];
            let inputs = &self.packed[input * width..][..count * width];
            block = add_products(simd, block, weights.iter().zip(inputs.chunks_exact(width)));
        }
        for (sums, row) in sums.chunks_exact_mut(width).zip(block) {
            for (to, sum) in F::vectors_mut::<S>(sums).iter_mut().zip(row) {
                *to = sum;
            }
        }
    }
}
