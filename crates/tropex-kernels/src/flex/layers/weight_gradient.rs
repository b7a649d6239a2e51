//! The gradient of a convolution's weight: sums over cells and points of input times gradient.
//!
//! Some rows of a tile of channels are copied to neighbouring places first, because cells of planes
//! often lie at distances that map to one cache set. The sums of the tile stay in registers while
//! the cells of some rows are added, and in the first cache until all cells are added. Each number
//! of the result is summed by one task in a fixed order, so it depends neither on the number of
//! threads nor on the width of vectors.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::geometry::WindowGeometry;
use super::planes::PlaneShape;
use crate::simd::{SimdFloat, lanes, with_simd};

/// Points whose sums are kept apart until the end, in one vector or several, so that the result
/// does not depend on the width of vectors.
const WIDTH: usize = 16;

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
        (CELLS / self.geometry.output[1]).clamp(1, self.geometry.output[0])
    }

    /// The rows of the output in a chunk.
    fn rows_of(&self, chunk: usize) -> Range<usize> {
        let rows = self.rows_per_chunk();
        chunk * rows..((chunk + 1) * rows).min(self.geometry.output[0])
    }

    /// The rows of the input between the first and the last that some rows of the output reach.
    fn input_rows(&self, rows: &Range<usize>) -> Range<usize> {
        let WindowGeometry { input, kernel, stride, padding, dilation, .. } = *self.geometry;
        let start = (rows.start * stride[0]).saturating_sub(padding[0]).min(input[0]);
        let last = (rows.end - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
        start..last.saturating_sub(padding[0]).min(input[0]).max(start)
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
        let sets = WIDTH / F::lanes::<S>();
        let mut vectors = vec![F::ZERO; 2 * sets * self.set_len()];
        let mut tiles = ChannelTiles::new(self.operands);
        for inputs in (0..parts).map(|part| start(part)..start(part + 1)) {
            vectors.fill(F::ZERO);
            match inputs.len() {
                1 => self.tile::<S, 1>(simd, inputs.start, &mut tiles, &mut vectors),
                2 => self.tile::<S, 2>(simd, inputs.start, &mut tiles, &mut vectors),
                _ => self.tile::<S, INPUTS>(simd, inputs.start, &mut tiles, &mut vectors),
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

    /// Numbers of the sums of a vector of points, for all kernel cells.
    fn set_len(&self) -> usize {
        self.tile_len() * self.kernel_cells()
    }

    /// Sums for `COUNT` input channels from `input` on. The first half of `vectors` is for groups
    /// of [`WIDTH`] points, the second half for the last group, which may not be full. Both have a
    /// set of sums for each vector of a group.
    #[inline(always)]
    fn tile<S: Simd, const COUNT: usize>(
        &mut self,
        simd: S,
        input: usize,
        tiles: &mut ChannelTiles<F>,
        vectors: &mut [F],
    ) {
        let PlaneShape { points, pitch, .. } = self.operands.output_shape;
        let (lanes, set_len) = (F::lanes::<S>(), self.set_len());
        let (full, last) = vectors.split_at_mut(vectors.len() / 2);
        for chunk in self.chunks.clone() {
            let rows = self.operands.rows_of(chunk);
            for point in (0..pitch).step_by(lanes) {
                let is_full = (point / WIDTH + 1) * WIDTH <= points;
                let group = if is_full { &mut *full } else { &mut *last };
                let vectors = &mut group[point % WIDTH / lanes * set_len..][..set_len];
                tiles.copy::<S, COUNT>(self.operands, &rows, [input, self.first], point);
                self.chunk::<S, COUNT>(simd, rows.clone(), tiles, vectors);
            }
        }
        let (tile_len, cells) = (self.tile_len(), self.kernel_cells());
        for cell in 0..cells {
            for index in 0..OUTPUTS * COUNT {
                let at = cell * tile_len + index * lanes;
                let full = group::<F>(&full[at..], set_len, lanes);
                let last = group::<F>(&last[at..], set_len, lanes);
                let (output, input) = (index / COUNT, input + index % COUNT);
                self.sums[(input * cells + cell) * OUTPUTS + output] +=
                    sum(&full) + sum(&last[..points % WIDTH]);
            }
        }
    }

    /// Adds the cells of some rows of the output, for one vector of points.
    #[inline(always)]
    fn chunk<S: Simd, const COUNT: usize>(
        &self,
        simd: S,
        rows: Range<usize>,
        tiles: &ChannelTiles<F>,
        vectors: &mut [F],
    ) {
        let geometry = self.operands.geometry;
        let inputs = F::vectors::<S>(&tiles.inputs).as_chunks::<COUNT>().0;
        let gradients = F::vectors::<S>(&tiles.gradients).as_chunks::<OUTPUTS>().0;
        let (top, tile_len) = (self.operands.input_rows(&rows).start, self.tile_len());
        for row in 0..geometry.kernel[0] {
            let reached = geometry.outputs(0, row);
            let reached = rows.start.max(reached.start)..rows.end.min(reached.end);
            for column in 0..geometry.kernel[1] {
                let columns = geometry.outputs(1, column);
                if reached.is_empty() || columns.is_empty() {
                    continue;
                }
                let cell = row * geometry.kernel[1] + column;
                let vectors = F::vectors_mut::<S>(&mut vectors[cell * tile_len..][..tile_len]);
                let mut block = [[F::ZERO.splat(simd); COUNT]; OUTPUTS];
                for (sums, vectors) in block.iter_mut().zip(vectors.as_chunks::<COUNT>().0) {
                    *sums = *vectors;
                }
                for y in reached.clone() {
                    let from = (geometry.input_of(0, y, row) - top) * geometry.input[1];
                    let from = from + geometry.input_of(1, columns.start, column);
                    let to = (y - rows.start) * geometry.output[1] + columns.start;
                    let gradients = &gradients[to..][..columns.len()];
                    block = match geometry.stride[1] {
                        1 => {
                            let inputs = &inputs[from..][..columns.len()];
                            add_cells::<F, S, COUNT>(simd, block, inputs.iter().zip(gradients))
                        }
                        stride => {
                            let inputs = inputs[from..].iter().step_by(stride);
                            add_cells::<F, S, COUNT>(simd, block, inputs.zip(gradients))
                        }
                    };
                }
                for (vectors, sums) in vectors.as_chunks_mut::<COUNT>().0.iter_mut().zip(block) {
                    *vectors = sums;
                }
            }
        }
    }
}

/// The sums of a group of points, whose vectors are in sets of `set_len` numbers.
#[inline(always)]
fn group<F: SimdFloat>(sets: &[F], set_len: usize, lanes: usize) -> [F; WIDTH] {
    let mut group = [F::ZERO; WIDTH];
    for (vector, set) in group.chunks_exact_mut(lanes).zip(sets.chunks(set_len)) {
        vector.copy_from_slice(&set[..lanes]);
    }
    group
}

/// The sum of numbers. Four partial sums do not wait for each other.
#[inline(always)]
fn sum<F: SimdFloat>(numbers: &[F]) -> F {
    let (parts, rest) = numbers.as_chunks::<4>();
    let mut sums = [F::ZERO; 4];
    for part in parts {
        for (sum, &number) in sums.iter_mut().zip(part) {
            *sum += number;
        }
    }
    let [a, b, c, d] = sums;
    rest.iter().fold((a + b) + (c + d), |sum, &number| sum + number)
}

/// Adds cells to a register tile.
#[inline(always)]
fn add_cells<'a, F: SimdFloat, S: Simd, const COUNT: usize>(
    simd: S,
    mut block: [[F::Vector<S>; COUNT]; OUTPUTS],
    cells: impl Iterator<Item = (&'a [F::Vector<S>; COUNT], &'a [F::Vector<S>; OUTPUTS])>,
) -> [[F::Vector<S>; COUNT]; OUTPUTS]
where
    F::Vector<S>: 'a,
{
    for (inputs, gradients) in cells {
        for (sums, &gradient) in block.iter_mut().zip(gradients) {
            for (sum, &input) in sums.iter_mut().zip(inputs) {
                *sum = F::multiply_add(simd, input, gradient, *sum);
            }
        }
    }
    block
}

/// Copies of some rows of a tile of channels, for one vector of points.
struct ChannelTiles<F> {
    /// `[input cells, input channels of the tile, lanes]`
    inputs: Vec<F>,
    /// `[output cells, OUTPUTS, lanes]`
    gradients: Vec<F>,
}

impl<F: SimdFloat> ChannelTiles<F> {
    fn new(operands: &WeightGradient<'_, F>) -> Self {
        let (geometry, rows) = (operands.geometry, operands.rows_per_chunk());
        let reach = (rows - 1) * geometry.stride[0] + 1;
        let reach = reach + (geometry.kernel[0] - 1) * geometry.dilation[0];
        let inputs = reach.min(geometry.input[0]) * geometry.input[1];
        let gradients = rows * geometry.output[1];
        Self {
            inputs: vec![F::ZERO; inputs * INPUTS * lanes::<F>()],
            gradients: vec![F::ZERO; gradients * OUTPUTS * lanes::<F>()],
        }
    }

    /// Copies the rows that some rows of the output reach, from these input and output channels on.
    #[inline(always)]
    fn copy<S: Simd, const COUNT: usize>(
        &mut self,
        operands: &WeightGradient<'_, F>,
        rows: &Range<usize>,
        [input, output]: [usize; 2],
        point: usize,
    ) {
        let WeightGradient { input_shape, output_shape, .. } = operands;
        let read = operands.input_rows(rows);
        let source = F::vectors::<S>(operands.input);
        let target = F::vectors_mut::<S>(&mut self.inputs);
        copy_tile::<_, COUNT>(source, input_shape, read, [input, point / F::lanes::<S>()], target);
        let source = F::vectors::<S>(operands.gradient);
        let target = F::vectors_mut::<S>(&mut self.gradients);
        let first = [output, point / F::lanes::<S>()];
        copy_tile::<_, OUTPUTS>(source, output_shape, rows.clone(), first, target);
    }
}

/// Copies `COUNT` channels of some rows from a first channel on, for a vector of points. Channels
/// beyond the last one are copies of it.
#[inline(always)]
fn copy_tile<V: Copy, const COUNT: usize>(
    source: &[V],
    shape: &PlaneShape,
    rows: Range<usize>,
    [channel, vector]: [usize; 2],
    target: &mut [V],
) {
    let pitch = source.len() / (shape.cells() * shape.channels);
    let cells = rows.start * shape.size[1]..rows.end * shape.size[1];
    for (cell, target) in cells.zip(target.as_chunks_mut::<COUNT>().0) {
        for (index, to) in target.iter_mut().enumerate() {
            let channel = (channel + index).min(shape.channels - 1);
            *to = source[(cell * shape.channels + channel) * pitch + vector];
        }
    }
}
