//! Convolutions and their transposes on the `flex` backend, of any planes.
//!
//! Points lie side by side in the vectors of the machine, so a cell of the output is a sum over the
//! cells that it sees, whatever stride, padding and dilation are: nothing is unfolded, nothing is
//! shuffled, and cells beyond the border cost nothing. All sums of a few channels and points stay in
//! registers until they are complete.

mod planes;
mod tiles;

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::data::Stencil;
use crate::simd::{SimdFloat, for_float, lanes, with_scratch, with_simd, zeros};
use planes::Planes;
use tiles::Tiles;

/// Vectors of points whose sums are in registers at the same time.
const VECTORS: usize = 2;

/// Cells that are worked on together: the weights of some channels are read for all of them, and
/// what they see overlaps.
const CELLS: usize = 8;

/// Planes `[count, channels * cells]` under a stencil, and a bias for every channel of the output;
/// none if there are too few planes to fill half of the vectors.
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
        // A last block of few points makes do with fewer vectors.
        let width = (from.len() / inputs).div_ceil(lanes) * lanes;
        block(stencil, bias, width, from, to);
    });
    Some(result)
}

/// Some points, at most `width`.
fn block<F: SimdFloat>(
    stencil: &Stencil,
    bias: Option<&[F]>,
    width: usize,
    from: &[F],
    to: &mut [F],
) {
    let [inputs, outputs] = stencil.channels();
    let (seen, made) = (stencil.pattern().inputs(), stencil.pattern().outputs());
    let source = Planes { channels: inputs, cells: seen, width };
    let target = Planes { channels: outputs, cells: made, width };
    with_scratch(source.len() + target.len(), |space| {
        let (packed, sums) = space.split_at_mut(source.len());
        with_simd(Pack { planes: &source, from, packed });
        let packed = &*packed;
        let cells = CELLS * outputs * width;
        sums.par_chunks_mut(cells).enumerate().for_each(|(part, sums)| {
            let first = part * CELLS;
            let cells = first..made.min(first + CELLS);
            with_simd(Sum { stencil, width, packed, cells, sums });
        });
        with_simd(Unpack { planes: &target, sums, bias, to });
    });
}

struct Pack<'a, F> {
    planes: &'a Planes,
    from: &'a [F],
    packed: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for Pack<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.planes.pack(self.from, self.packed);
    }
}

struct Unpack<'a, F> {
    planes: &'a Planes,
    sums: &'a [F],
    bias: Option<&'a [F]>,
    to: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for Unpack<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.planes.unpack(self.sums, self.bias, self.to);
    }
}

/// Some cells of the output.
struct Sum<'a, F> {
    stencil: &'a Stencil,
    width: usize,
    packed: &'a [F],
    cells: Range<usize>,
    /// `[cells, channels, width]`
    sums: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for Sum<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tiles = Tiles { stencil: self.stencil, packed: self.packed, cells: self.cells };
        if self.width == F::lanes::<S>() {
            tiles.sum::<S, 1>(simd, self.sums);
        } else {
            tiles.sum::<S, VECTORS>(simd, self.sums);
        }
    }
}
