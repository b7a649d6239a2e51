//! The micro-kernel of convolutions: sums over the taps of a cell, for a tile of channels and
//! points.

use std::ops::Range;

use pulp::Simd;

use crate::data::Stencil;
use crate::simd::{SimdFloat, WeightPanel, add_products, with_rows, zero_tile};
use crate::sparsity::Taps;

/// Some output cells of a stencil.
pub(super) struct OutputTiles<'a, F> {
    pub(super) stencil: &'a Stencil,
    /// The packed input, `[cells, channels, width]`.
    pub(super) packed: &'a [F],
    pub(super) cells: Range<usize>,
}

impl<F: SimdFloat> OutputTiles<'_, F> {
    /// Writes sums `[cells, channels, width]`, where `width` is the number of points in `VECTORS`
    /// vectors.
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
        panel: &WeightPanel<'_, F>,
        sums: &mut [F],
    ) {
        with_rows!(panel.width, COLUMNS => {
            self.tile_of::<S, COLUMNS, VECTORS>(simd, runs, panel, sums);
        });
    }

    #[inline(always)]
    fn tile_of<S: Simd, const COLUMNS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        runs: &[Taps],
        panel: &WeightPanel<'_, F>,
        sums: &mut [F],
    ) {
        let width = VECTORS * F::lanes::<S>();
        let weights = panel.weights.as_chunks::<COLUMNS>().0;
        let mut block = zero_tile::<F, S, COLUMNS, VECTORS>(simd);
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
