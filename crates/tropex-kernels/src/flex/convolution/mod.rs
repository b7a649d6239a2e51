//! Dense convolutions and transposed convolutions on the `flex` backend.
//!
//! A SIMD vector holds one number of several points. An output cell is a sum over its taps, for any
//! stride, padding and dilation: no `im2col` copy, no shuffles, and no work for cells of the
//! padding. The sums of a tile of channels and points stay in registers until they are complete.

mod planes;
mod tiles;

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::data::Stencil;
use crate::simd::{SimdFloat, for_float, lanes, with_scratch, with_simd, zeros};
use planes::PlaneLayout;
use tiles::OutputTiles;

/// Vectors of points in a register tile (NR = 2 vectors).
const VECTORS: usize = 2;

/// Output cells per task. They share the weights of a panel, and their taps overlap.
const CELLS: usize = 8;

/// Planes through a stencil, plus a bias per output channel. `None` if there are too few planes to
/// fill half of a vector.
///
/// # Shapes
/// - planes: `[count, input channels * cells]`
/// - bias: `[output channels]`
/// - output: `[count, output channels * cells]`
pub(in crate::flex) fn correlation(
    planes: &FlexTensor,
    stencil: &Stencil,
    bias: Option<&FlexTensor>,
) -> Option<FlexTensor> {
    for_float!(planes.dtype(), correlation_in(planes, stencil, bias))
}

fn correlation_in<F: SimdFloat>(
    planes: &FlexTensor,
    stencil: &Stencil,
    bias: Option<&FlexTensor>,
) -> Option<FlexTensor> {
    let (count, lanes) = (planes.layout().shape()[0], lanes::<F>());
    if 2 * count < lanes {
        return None;
    }
    let values = planes.storage::<F>();
    let bias = bias.map(FlexTensor::storage::<F>);
    let (inputs, outputs) = (stencil.inputs(), stencil.outputs());
    let mut result = zeros::<F>([count, outputs]);
    let rows = VECTORS * lanes;
    let blocks = values.par_chunks(rows * inputs);
    blocks.zip(result.storage_mut::<F>().par_chunks_mut(rows * outputs)).for_each(|(from, to)| {
        // The last block may have few points, which need fewer vectors.
        let width = (from.len() / inputs).div_ceil(lanes) * lanes;
        block(stencil, bias, width, from, to);
    });
    Some(result)
}

/// Convolves a block of at most `width` points.
fn block<F: SimdFloat>(
    stencil: &Stencil,
    bias: Option<&[F]>,
    width: usize,
    from: &[F],
    to: &mut [F],
) {
    let [inputs, outputs] = stencil.channels();
    let (seen, made) = (stencil.pattern().inputs(), stencil.pattern().outputs());
    let source = PlaneLayout { channels: inputs, cells: seen, width };
    let target = PlaneLayout { channels: outputs, cells: made, width };
    with_scratch(source.len() + target.len(), |space| {
        let (packed, sums) = space.split_at_mut(source.len());
        with_simd(PackPlanes { planes: &source, from, packed });
        let packed = &*packed;
        let cells = CELLS * outputs * width;
        sums.par_chunks_mut(cells).enumerate().for_each(|(part, sums)| {
            let first = part * CELLS;
            let cells = first..made.min(first + CELLS);
            with_simd(SumCells { stencil, width, packed, cells, sums });
        });
        with_simd(UnpackPlanes { planes: &target, sums, bias, to });
    });
}

struct PackPlanes<'a, F> {
    planes: &'a PlaneLayout,
    from: &'a [F],
    packed: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for PackPlanes<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.planes.pack(self.from, self.packed);
    }
}

struct UnpackPlanes<'a, F> {
    planes: &'a PlaneLayout,
    sums: &'a [F],
    bias: Option<&'a [F]>,
    to: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for UnpackPlanes<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.planes.unpack(self.sums, self.bias, self.to);
    }
}

/// The sums of some output cells.
struct SumCells<'a, F> {
    stencil: &'a Stencil,
    width: usize,
    packed: &'a [F],
    cells: Range<usize>,
    /// `[cells, channels, width]`
    sums: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for SumCells<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tiles = OutputTiles { stencil: self.stencil, packed: self.packed, cells: self.cells };
        if self.width == F::lanes::<S>() {
            tiles.sum::<S, 1>(simd, self.sums);
        } else {
            tiles.sum::<S, VECTORS>(simd, self.sums);
        }
    }
}
