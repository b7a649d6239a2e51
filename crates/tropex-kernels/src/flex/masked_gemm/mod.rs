//! Products of rows with a weight that skip inactive units on both sides.
//!
//! Rows that are pulled back from all logits are zero at the inactive units of their point, and the
//! layer below reads their products only at its own active units. So the rows of a point are
//! [interleaved](Interleaved): the numbers of all groups at one unit fill SIMD vectors. An active
//! unit above and an active unit below then meet in one multiplication for all groups, and no other
//! units meet.

mod tile;

use std::borrow::Cow;
use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::sparse::density;
use crate::data::MIN_INTERLEAVED_GROUPS;
use crate::data::{AffineRows, RowsAndOffset};
use crate::simd::{
    ActiveUnits, Interleaved, PointEntries, SimdFloat, for_float, held, width, with_rows, with_simd,
};
use crate::sparsity::SparsityPattern;
use tile::UnitRun;

/// Largest number of vectors of groups in a register tile (NR).
const VECTORS: usize = 3;

/// Largest number of output units in a register tile (MR), for 1, 2 and 3 vectors.
const UNITS: [usize; VECTORS] = [6, 6, 4];

/// Bytes of weights, and bytes of entries of points, that one loop reuses while they are in the
/// cache of a core.
const REUSED_BYTES: usize = 1 << 17;

// The cost model of `is_gain`. Its unit is one multiply-add of a dense product. The constants were
// measured with AVX2. `cargo bench --bench layers -- all 512 RUN` measures again: it prints the
// time of every operation, forward and back, and the density of its input.

/// Multiply-adds of a dense product in the time of one multiply-add here. It is above 1 because
/// weights are read by unit number.
const MASKED_MULTIPLY_ADD: f64 = 1.2;

/// Multiply-adds in the time of interleaving one number of a row.
const INTERLEAVE: f64 = 30.0;

/// Multiply-adds in the time of writing one number of the result to a row of a tensor.
const WRITE_ROW: f64 = 40.0;

/// Multiply-adds in the time of writing one number of the result to interleaved rows.
const WRITE_INTERLEAVED: f64 = 5.0;

/// Multiply-adds in the time of unpacking one number of interleaved rows for the dense kernel.
const UNPACK: f64 = 12.0;

/// The product that is computed if the masked product costs more.
pub(in crate::flex) struct AlternativeProduct<C> {
    /// The cost of one multiply-add as a function of the density of the rows, in multiply-adds of a
    /// dense product.
    pub(in crate::flex) cost: C,
    /// Whether it reads interleaved rows. The next operation most likely reads them too.
    pub(in crate::flex) reads_interleaved: bool,
}

/// A linear map of planes.
pub(in crate::flex) struct LinearMap<'a> {
    pub(in crate::flex) pattern: &'a SparsityPattern,
    /// Channels of input and output.
    pub(in crate::flex) channels: [usize; 2],
    /// `[output channels, kernel cells * input channels]`
    pub(in crate::flex) weights: FlexTensor,
}

/// Rows pulled back through a map where their active mask is positive, and the sums of the rows
/// times a bias per channel. `None` if the alternative costs less.
///
/// # Shapes
/// - rows: `[groups * points, input channels * cells]`
/// - bias: `[input channels]`
/// - output: `[groups * points, output channels * cells]` and `[groups * points, 1]`
pub(in crate::flex) fn pullback<'a, const D: usize>(
    rows: &AffineRows,
    map: impl FnOnce() -> LinearMap<'a>,
    other: AlternativeProduct<impl FnOnce(f64) -> f64>,
    bias: Option<Tensor<D>>,
) -> Option<RowsAndOffset> {
    if rows.groups() < MIN_INTERLEAVED_GROUPS || !rows.can_be_masked() {
        return None;
    }
    let mask = rows.active.as_ref().cloned().map(held);
    let map = map();
    if !is_gain(rows, &map, mask.as_ref(), other)? {
        return None;
    }
    let cells = map.pattern.inputs();
    let interleaved = match rows.interleaved() {
        Some(rows) => rows.in_planes([map.channels[0], cells]),
        None => Cow::Owned(Interleaved::of(&held(rows.tensor()?.clone()), rows.points(), cells)),
    };
    let offset = bias.map(|bias| interleaved.offset(&held(bias)));
    let pulled = for_float!(interleaved.dtype, product(&map, &interleaved, mask.as_ref()));
    let pulled = match mask {
        Some(_) => AffineRows::from_interleaved(pulled),
        None => AffineRows::new(pulled.into_tensor(), rows.points()),
    };
    Some((pulled, offset))
}

/// Whether the masked product costs less than the alternative.
fn is_gain(
    rows: &AffineRows,
    map: &LinearMap<'_>,
    mask: Option<&FlexTensor>,
    other: AlternativeProduct<impl FnOnce(f64) -> f64>,
) -> Option<bool> {
    let (density, interleave, unpack) = match rows.interleaved() {
        Some(rows) => (rows.density(), 0.0, UNPACK),
        None => (density_of(&held(rows.tensor()?.clone())), INTERLEAVE, 0.0),
    };
    let (unpack, write) = match (other.reads_interleaved, mask) {
        (true, Some(_)) => (0.0, WRITE_INTERLEAVED),
        (true, None) => (0.0, WRITE_ROW),
        (false, _) => (unpack, WRITE_ROW),
    };
    let active = mask.map_or(1.0, density_of);
    let ([inputs, outputs], pattern) = (map.channels, map.pattern);
    let multiplications = (pattern.taps() * inputs * outputs) as f64;
    let numbers = [inputs * pattern.inputs(), outputs * pattern.outputs()];
    let [read, written] = numbers.map(|numbers| numbers as f64);
    let width = for_float!(map.weights.dtype(), width(rows.groups()));
    let padding = width as f64 / rows.groups() as f64;
    let masked = MASKED_MULTIPLY_ADD * density * active * padding * multiplications;
    let masked = masked + interleave * read + write * written;
    Some(masked <= (other.cost)(density) * multiplications + unpack * read)
}

/// Share of the numbers that are not zero.
fn density_of(numbers: &FlexTensor) -> f64 {
    for_float!(numbers.dtype(), density_in(numbers))
}

fn density_in<F: SimdFloat>(numbers: &FlexTensor) -> f64 {
    density(numbers.storage::<F>())
}

fn product<F: SimdFloat>(
    map: &LinearMap<'_>,
    rows: &Interleaved,
    mask: Option<&FlexTensor>,
) -> Interleaved {
    let product = MaskedProduct {
        pattern: map.pattern,
        channels: map.channels,
        weights: map.weights.storage::<F>(),
        width: width::<F>(rows.groups),
    };
    let cells = map.pattern.outputs();
    let outputs = map.channels[1] * cells;
    let mask = mask.map(FlexTensor::storage::<F>);
    let result = |(point, entries)| {
        let marks = match mask {
            Some(mask) => positive_marks(&mask[point * outputs..][..outputs]),
            None => vec![1; outputs],
        };
        PointProduct {
            entries,
            pulled: PointEntries::new::<F>(ActiveUnits::marked(&marks, cells), product.width),
        }
    };
    let mut points: Vec<_> = rows.points.par_iter().enumerate().map(result).collect();
    let bytes = rows.features() * product.width * size_of::<F>();
    let chunk = (REUSED_BYTES / bytes.max(1)).max(1);
    let product = &product;
    points.par_chunks_mut(chunk).for_each(|points| with_simd(MaskedGemmTask { product, points }));
    let points = points.into_iter().map(|point| point.pulled);
    Interleaved { points: points.collect(), groups: rows.groups, dtype: rows.dtype }
}

/// 1 for every positive number of a mask, else 0.
fn positive_marks<F: SimdFloat>(mask: &[F]) -> Vec<u8> {
    mask.iter().map(|&number| u8::from(number > F::ZERO)).collect()
}

/// A linear map with its weights as numbers.
struct MaskedProduct<'a, F> {
    pattern: &'a SparsityPattern,
    channels: [usize; 2],
    weights: &'a [F],
    /// Numbers of an entry: one per group, filled up to whole vectors.
    width: usize,
}

/// The entries of a point's rows at the input and at the output.
struct PointProduct<'a> {
    entries: &'a PointEntries,
    pulled: PointEntries,
}

/// The products of some points.
struct MaskedGemmTask<'a, 'p, F> {
    product: &'a MaskedProduct<'a, F>,
    points: &'a mut [PointProduct<'p>],
}

impl<F: SimdFloat> WithSimd for MaskedGemmTask<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [_, outputs] = self.product.channels;
        let length = self.product.weights.len() / outputs;
        let block =
            (REUSED_BYTES / size_of::<F>() / length.max(1)).clamp(UNITS[0], outputs.max(UNITS[0]));
        for start in (0..outputs).step_by(block) {
            for point in self.points.iter_mut() {
                self.product.channels_of(simd, point, start..outputs.min(start + block));
            }
        }
    }
}

impl<F: SimdFloat> MaskedProduct<'_, F> {
    /// Computes some output channels of a point.
    #[inline(always)]
    fn channels_of<S: Simd>(&self, simd: S, point: &mut PointProduct<'_>, channels: Range<usize>) {
        let numbers = point.entries.numbers::<F>();
        let (active, sums) = point.pulled.units_and_numbers::<F>();
        let (lanes, inputs) = (F::lanes::<S>(), self.channels[0] as u32);
        let mut runs = Vec::new();
        for cell in 0..self.pattern.outputs() {
            let within = active.within(cell, channels.clone());
            if within.is_empty() {
                continue;
            }
            runs.clear();
            for &run in self.pattern.taps_of(cell) {
                let span = point.entries.units.of_run(run);
                runs.push(UnitRun {
                    units: point.entries.units.of(span.clone()),
                    numbers: &numbers[span.start * self.width..span.end * self.width],
                    offset: run.kernel.wrapping_sub(run.input).wrapping_mul(inputs),
                });
            }
            let cell = OutputCell { product: self, runs: &runs, origin: cell * self.channels[1] };
            let units = active.of(within.clone());
            let sums = &mut sums[within.start * self.width..within.end * self.width];
            let mut start = 0;
            while start < self.width {
                match (self.width - start) / lanes {
                    1 => cell.sum::<S, 1>(simd, units, start, sums),
                    2 => cell.sum::<S, 2>(simd, units, start, sums),
                    _ => cell.sum::<S, VECTORS>(simd, units, start, sums),
                }
                start += VECTORS * lanes;
            }
        }
    }
}

/// An output cell and the runs of its taps.
struct OutputCell<'a, F> {
    product: &'a MaskedProduct<'a, F>,
    runs: &'a [UnitRun<'a, F>],
    /// The number of the cell's first unit.
    origin: usize,
}

impl<F: SimdFloat> OutputCell<'_, F> {
    /// Writes sums `[units, width]`, for the groups of `VECTORS` vectors from `start` on.
    #[inline(always)]
    fn sum<S: Simd, const VECTORS: usize>(
        &self,
        simd: S,
        units: &[u32],
        start: usize,
        sums: &mut [F],
    ) {
        let tiles = units.len().div_ceil(UNITS[VECTORS - 1]);
        let size = units.len().div_ceil(tiles);
        let tiles = units.chunks(size).zip(sums.chunks_mut(size * self.product.width));
        for (units, sums) in tiles {
            with_rows!(units.len(), COUNT => {
                self.tile::<S, COUNT, VECTORS>(simd, units, start, sums)
            });
        }
    }

    /// Writes the sums of one register tile of units.
    #[inline(always)]
    fn tile<S: Simd, const COUNT: usize, const VECTORS: usize>(
        &self,
        simd: S,
        units: &[u32],
        start: usize,
        sums: &mut [F],
    ) {
        let MaskedProduct { channels: [_, outputs], weights: all, width, .. } = *self.product;
        let length = all.len() / outputs;
        let mut weights = [&[] as &[F]; COUNT];
        for (weights, &unit) in weights.iter_mut().zip(units) {
            *weights = &all[(unit as usize - self.origin) * length..][..length];
        }
        let block = tile::sums::<F, S, COUNT, VECTORS>(simd, self.runs, weights, [start, width]);
        for (sums, block) in sums.chunks_exact_mut(width).zip(block) {
            for (to, sum) in F::vectors_mut::<S>(&mut sums[start..]).iter_mut().zip(block) {
                *to = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests;
