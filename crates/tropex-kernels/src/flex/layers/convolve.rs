//! Convolutions of planes: the forward pass, and with transposed taps the gradient of the input.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::planes::PlaneShape;
use crate::simd::{SimdFloat, add_products, row_blocks, with_rows, with_simd};
use crate::sparsity::{SparsityPattern, Taps};

/// Vectors of points in a register tile (NR = 2 vectors).
const VECTORS: usize = 2;

/// Output cells per task. They share the weights of a panel, and their taps overlap.
const CELLS: usize = 8;

/// The weights of some output channels, `[kernel cells * input channels, columns]`.
pub(super) struct ChannelPanel<F> {
    columns: Range<usize>,
    weights: Vec<F>,
}

/// Packs weights into panels. `weight` gives the weight of a kernel cell, an input channel and an
/// output channel.
pub(super) fn pack_panels<F: SimdFloat>(
    [kernel_cells, inputs, outputs]: [usize; 3],
    weight: impl Fn(usize, usize, usize) -> F + Sync,
) -> Vec<ChannelPanel<F>> {
    let blocks: Vec<_> = row_blocks(outputs).collect();
    let panel = |columns: Range<usize>| {
        let mut weights = Vec::with_capacity(kernel_cells * inputs * columns.len());
        for cell in 0..kernel_cells {
            for input in 0..inputs {
                weights.extend(columns.clone().map(|output| weight(cell, input, output)));
            }
        }
        ChannelPanel { columns, weights }
    };
    blocks.into_par_iter().map(panel).collect()
}

/// What follows the sums of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Epilogue<'a, F> {
    /// Number that is added to every output channel.
    pub(super) bias: Option<&'a [F]>,
    /// Slope of the activation below zero.
    pub(super) slope: Option<F>,
}

/// The operands of a convolution.
pub(super) struct Convolution<'a, F> {
    /// The taps of every output cell.
    pub(super) pattern: &'a SparsityPattern,
    pub(super) panels: &'a [ChannelPanel<F>],
    pub(super) input: &'a [F],
    pub(super) shape: PlaneShape,
    pub(super) epilogue: Epilogue<'a, F>,
}

impl<F: SimdFloat> Convolution<'_, F> {
    /// The output `[cells, outputs, pitch]`.
    pub(super) fn output(&self, outputs: usize) -> Vec<F> {
        let cell_len = outputs * self.shape.pitch;
        let mut output = vec![F::ZERO; self.pattern.outputs() * cell_len];
        output.par_chunks_mut(CELLS * cell_len).enumerate().for_each(|(task, output)| {
            let cells = task * CELLS..task * CELLS + output.len() / cell_len;
            with_simd(ConvolveCells { convolution: self, cells, cell_len, output });
        });
        output
    }
}

/// Some output cells of a convolution.
struct ConvolveCells<'a, F> {
    convolution: &'a Convolution<'a, F>,
    cells: Range<usize>,
    cell_len: usize,
    output: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for ConvolveCells<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (lanes, pitch) = (F::lanes::<S>(), self.convolution.shape.pitch);
        let mut first = 0;
        while first < pitch {
            if first + VECTORS * lanes <= pitch {
                self.some_points::<S, VECTORS>(simd, first);
                first += VECTORS * lanes;
            } else {
                self.some_points::<S, 1>(simd, first);
                first += lanes;
            }
        }
    }
}

impl<F: SimdFloat> ConvolveCells<'_, F> {
    #[inline(always)]
    fn some_points<S: Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let convolution = self.convolution;
        for panel in convolution.panels {
            for (cell, output) in
                self.cells.clone().zip(self.output.chunks_exact_mut(self.cell_len))
            {
                let taps = convolution.pattern.taps_of(cell);
                let pitch = convolution.shape.pitch;
                let output = &mut output[panel.columns.start * pitch..panel.columns.end * pitch];
                with_rows!(panel.columns.len(), COLUMNS => {
                    convolution.tile::<S, COLUMNS, COUNT>(simd, taps, panel, first, output);
                });
            }
        }
    }
}

impl<F: SimdFloat> Convolution<'_, F> {
    /// Writes the sums of the columns of a panel at a cell, for the points from `first` on.
    #[inline(always)]
    fn tile<S: Simd, const COLUMNS: usize, const COUNT: usize>(
        &self,
        simd: S,
        taps: &[Taps],
        panel: &ChannelPanel<F>,
        first: usize,
        output: &mut [F],
    ) {
        let (width, pitch) = (COUNT * F::lanes::<S>(), self.shape.pitch);
        let weights = panel.weights.as_chunks::<COLUMNS>().0;
        let mut block = [[F::ZERO.splat(simd); COUNT]; COLUMNS];
        if let Some(bias) = self.epilogue.bias {
            for (sums, &bias) in block.iter_mut().zip(&bias[panel.columns.clone()]) {
                *sums = [bias.splat(simd); COUNT];
            }
        }
        for run in taps {
            let [kernel, input, count] = run.rows(self.shape.channels);
            let weights = &weights[kernel..][..count];
            let inputs = &self.input[input * pitch..][..count * pitch];
            let inputs = inputs.chunks_exact(pitch).map(|row| &row[first..first + width]);
            block = add_products(simd, block, weights.iter().zip(inputs));
        }
        for (row, sums) in output.chunks_exact_mut(pitch).zip(block) {
            let row = &mut row[first..first + width];
            for (to, sum) in F::vectors_mut::<S>(row).iter_mut().zip(sums) {
                *to = sum;
            }
            match self.epilogue.slope {
                None => {}
                Some(slope) if slope == F::ZERO => row.iter_mut().for_each(rectify),
                Some(slope) => row.iter_mut().for_each(|number| rectify_leaky(number, slope)),
            }
        }
    }
}

/// Keeps NaN, unlike a maximum.
#[inline(always)]
fn rectify<F: SimdFloat>(number: &mut F) {
    *number = if *number <= F::ZERO { F::ZERO } else { *number };
}

#[inline(always)]
fn rectify_leaky<F: SimdFloat>(number: &mut F, slope: F) {
    let scaled = *number * slope;
    *number = if *number <= F::ZERO { scaled } else { *number };
}
