//! The gradient of a convolution's weight: sums over cells and points of input times gradient.
//!
//! The sums of a tile of channels stay in registers while a few cells are added, and in the first
//! cache as vectors until all cells are added. Each number of the result is summed by one task in a
//! fixed order, so it does not depend on the number of threads.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::WindowGeometry;
use super::planes::PlaneShape;
use crate::simd::{SimdFloat, lanes, with_simd};

/// Output channels of a register tile.
const OUTPUTS: usize = 4;

/// Input channels of a register tile.
const INPUTS: usize = 3;

/// Output cells whose input and gradient stay in the first cache of a core, approximately.
const CELLS: usize = 32;

/// Smallest number of tasks, if there are enough rows. With few output channels, tasks also divide
/// the rows.
const TASKS: usize = 16;

/// The operands of the gradient of a weight.
pub(super) struct WeightGradient<'a, F> {
    pub(super) geometry: &'a WindowGeometry,
    /// Input, in the layout of planes.
    pub(super) input: &'a [F],
    pub(super) input_shape: PlaneShape,
    /// Gradient of the output, in the layout of planes.
    pub(super) gradient: &'a [F],
    pub(super) output_shape: PlaneShape,
}

impl<F: SimdFloat> WeightGradient<'_, F> {
    /// The gradient `[output channels, input channels, kernel cells]`.
    pub(super) fn sum(&self) -> Vec<F> {
        let (inputs, outputs) = (self.input_shape.channels, self.output_shape.channels);
        let kernel_cells = self.geometry.kernel_cells();
        let tiles = outputs.div_ceil(OUTPUTS);
        let chunks = self.geometry.output[0].div_ceil(self.rows_per_chunk());
        let parts = TASKS.div_ceil(tiles).min(chunks);
        let sums: Vec<Vec<F>> = (0..tiles * parts)
            .into_par_iter()
            .map(|task| {
                let part = task % parts;
                let chunks = part * chunks / parts..(part + 1) * chunks / parts;
                let first = task / parts * OUTPUTS;
                let mut sums = vec![F::ZERO; inputs * kernel_cells * OUTPUTS];
                with_simd(SumTask { operands: self, chunks, first, sums: &mut sums });
                sums
            })
            .collect();
        let mut gradient = vec![F::ZERO; outputs * inputs * kernel_cells];
        let channels = gradient.par_chunks_exact_mut(inputs * kernel_cells).enumerate();
        channels.for_each(|(output, channel)| {
            let (tile, column) = (output / OUTPUTS, output % OUTPUTS);
            for sums in &sums[tile * parts..][..parts] {
                for (to, sums) in channel.iter_mut().zip(sums.chunks_exact(OUTPUTS)) {
                    *to += sums[column];
                }
            }
        });
        gradient
    }

    fn rows_per_chunk(&self) -> usize {
        (CELLS / self.geometry.output[1]).max(1)
    }
}

/// The sums of some rows of cells, for a tile of output channels.
struct SumTask<'a, F> {
    operands: &'a WeightGradient<'a, F>,
    /// Chunks of rows of the output.
    chunks: Range<usize>,
    /// The first output channel.
    first: usize,
    /// `[input channels, kernel cells, OUTPUTS]`
    sums: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for SumTask<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let inputs = self.operands.input_shape.channels;
        let parts = inputs.div_ceil(INPUTS);
        let start = |part: usize| part * inputs / parts;
        let mut vectors = vec![F::ZERO; 2 * self.tile_len() * self.kernel_cells()];
        for inputs in (0..parts).map(|part| start(part)..start(part + 1)) {
            vectors.fill(F::ZERO);
            match inputs.len() {
                1 => self.tile::<S, 1>(simd, inputs.start, &mut vectors),
                2 => self.tile::<S, 2>(simd, inputs.start, &mut vectors),
                _ => self.tile::<S, INPUTS>(simd, inputs.start, &mut vectors),
            }
        }
    }
}

impl<F: SimdFloat> SumTask<'_, F> {
    fn kernel_cells(&self) -> usize {
        self.operands.geometry.kernel_cells()
    }

    /// Numbers of the vectors of a tile.
    fn tile_len(&self) -> usize {
        OUTPUTS * INPUTS * lanes::<F>()
    }

    /// Sums for `COUNT` input channels from `input` on. The first half of `vectors` is for vectors
    /// that hold points only, the second half for the last vector, which may not be full.
    #[inline(always)]
    fn tile<S: Simd, const COUNT: usize>(&mut self, simd: S, input: usize, vectors: &mut [F]) {
        let PlaneShape { points, pitch, .. } = self.operands.output_shape;
        let lanes = F::lanes::<S>();
        let (full, last) = vectors.split_at_mut(vectors.len() / 2);
        for chunk in self.chunks.clone() {
            for point in (0..pitch).step_by(lanes) {
                let is_full = point + lanes <= points;
                let vectors = if is_full { &mut *full } else { &mut *last };
                self.chunk::<S, COUNT>(simd, chunk, input, point, vectors);
            }
        }
        let (tile_len, cells) = (self.tile_len(), self.kernel_cells());
        for cell in 0..cells {
            let (full, last) = (&full[cell * tile_len..], &last[cell * tile_len..]);
            for (index, (full, last)) in full
                .chunks_exact(lanes)
                .zip(last.chunks_exact(lanes))
                .enumerate()
                .take(OUTPUTS * COUNT)
            {
                let last = &last[..points % lanes];
                let sum = full.iter().chain(last).fold(F::ZERO, |sum, &number| sum + number);
                let (output, at) = (index / COUNT, input + index % COUNT);
                self.sums[(at * cells + cell) * OUTPUTS + output] += sum;
            }
        }
    }

    /// Adds the cells of a chunk of rows, for one vector of points.
    #[inline(always)]
    fn chunk<S: Simd, const COUNT: usize>(
        &self,
        simd: S,
        chunk: usize,
        input: usize,
        point: usize,
        vectors: &mut [F],
    ) {
        let geometry = self.operands.geometry;
        let rows = self.operands.rows_per_chunk();
        let rows = chunk * rows..((chunk + 1) * rows).min(geometry.output[0]);
        let tile_len = self.tile_len();
        for row in 0..geometry.kernel[0] {
            let reached = geometry.outputs(0, row);
            let rows = rows.start.max(reached.start)..rows.end.min(reached.end);
            for column in 0..geometry.kernel[1] {
                let columns = geometry.outputs(1, column);
                if rows.is_empty() || columns.is_empty() {
                    continue;
                }
                let cell = row * geometry.kernel[1] + column;
                let vectors = F::vectors_mut::<S>(&mut vectors[cell * tile_len..][..tile_len]);
                let mut block = [[F::ZERO.splat(simd); COUNT]; OUTPUTS];
                for (sums, vectors) in block.iter_mut().zip(vectors.chunks_exact(COUNT)) {
                    sums.copy_from_slice(vectors);
                }
                for y in rows.clone() {
                    let start =
                        [geometry.input_of(0, y, row), geometry.input_of(1, columns.start, column)];
                    let from = [y, columns.start];
                    block = self.add_row(simd, block, columns.len(), start, from, input, point);
                }
                for (sums, block) in vectors.chunks_exact_mut(COUNT).zip(block) {
                    sums.copy_from_slice(&block);
                }
            }
        }
    }

    /// Adds `count` cells of a row to a register tile. They begin at the cell `start` of the input
    /// and the cell `from` of the output.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // a struct would keep the sums out of registers
    fn add_row<S: Simd, const COUNT: usize>(
        &self,
        simd: S,
        mut block: [[F::Vector<S>; COUNT]; OUTPUTS],
        count: usize,
        start: [usize; 2],
        from: [usize; 2],
        input: usize,
        point: usize,
    ) -> [[F::Vector<S>; COUNT]; OUTPUTS] {
        let WeightGradient { geometry, input_shape, output_shape, .. } = self.operands;
        // Places and steps in vectors, so that every load is checked once.
        let lanes = F::lanes::<S>();
        let inputs = F::vectors::<S>(self.operands.input);
        let gradients = F::vectors::<S>(self.operands.gradient);
        let pitch = output_shape.pitch / lanes;
        let place = |cell: [usize; 2], shape: &PlaneShape, channel: usize| {
            let cell = cell[0] * shape.size[1] + cell[1];
            (cell * shape.channels + channel) * pitch + point / lanes
        };
        let last = output_shape.channels - 1;
        let mut offsets = [0; OUTPUTS];
        for (index, offset) in offsets.iter_mut().enumerate() {
            *offset = ((self.first + index).min(last) - self.first) * pitch;
        }
        let mut read = place(start, input_shape, input);
        let mut reached = place(from, output_shape, self.first);
        let steps = [geometry.stride[1] * input_shape.channels, output_shape.channels];
        for _ in 0..count {
            let mut shared = [F::ZERO.splat(simd); COUNT];
            for (channel, to) in shared.iter_mut().enumerate() {
                *to = inputs[read + channel * pitch];
            }
            for (sums, offset) in block.iter_mut().zip(offsets) {
                let gradient = gradients[reached + offset];
                for (sum, &input) in sums.iter_mut().zip(&shared) {
                    *sum = F::multiply_add(simd, input, gradient, *sum);
                }
            }
            read += steps[0] * pitch;
            reached += steps[1] * pitch;
        }
        block
    }
}
