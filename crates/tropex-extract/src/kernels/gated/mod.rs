//! Products behind a gate, on the `flex` backend.
//!
//! Rows on their way back from all logits are zero at the same units of a point, those that are
//! inactive; and of what they give to the layer below, no more is read than what arrives at its active
//! units. So the rows of a point lie side by side in the [lanes](Lanes) of vectors: a unit above and one
//! below that both count meet in one multiplication for all rows, and no others meet.

mod buffer;
mod lanes;
mod tile;
mod units;

use std::borrow::Cow;
use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::flex::{for_float, held};
use super::part::GROUPS;
use super::simd::{Number, with_rows, with_simd};
use super::sparse::share_of_entries;
use super::{Gated, Neighbours};
use lanes::{Entries, width};
use tile::Part;
use units::Units;

use crate::rows::Rows;

pub(crate) use lanes::Lanes;

/// Vectors of groups whose sums are in registers at the same time, at most.
const VECTORS: usize = 3;

/// Units whose sums are in registers at the same time, by the number of vectors.
const UNITS: [usize; VECTORS] = [6, 6, 4];

/// Bytes of weights, and of entries of points, that stay near while they are used again.
const NEAR: usize = 1 << 17;

/// What a multiplication behind a gate costs, in those of a dense product.
const LISTED: f64 = 1.2;

/// What it costs to list a number of rows, in multiplications of a row.
const LISTING: f64 = 30.0;

/// What it costs to write it row by row, likewise.
const WRITING: f64 = 40.0;

/// What it costs to leave it where it is, side by side with those of other rows.
const LEAVING: f64 = 5.0;

/// What it costs another way to have it written for that.
const LAYING_OUT: f64 = 12.0;

/// What rows can be multiplied by instead.
pub(in crate::kernels) struct Other<C> {
    /// From the share of entries to the cost of a multiplication, in those of a dense product.
    pub(in crate::kernels) cost: C,
    /// Whether it reads rows that lie side by side; so will most likely what is next to read these.
    pub(in crate::kernels) takes_lanes: bool,
}

/// A linear map of planes: what every unit of the output weighs of the input.
pub(in crate::kernels) struct Map<'a> {
    pub(in crate::kernels) neighbours: &'a Neighbours,
    /// Channels of input and output.
    pub(in crate::kernels) channels: [usize; 2],
    /// `[outputs, kernel * inputs]`
    pub(in crate::kernels) weights: FlexTensor,
}

/// Rows through a map as far as their gate lets them, and sums `[rows, 1]` of the rows times a bias for
/// every channel; none if the other way costs less.
pub(in crate::kernels) fn pull<'a, const D: usize>(
    rows: &Rows,
    map: impl FnOnce() -> Map<'a>,
    other: Other<impl FnOnce(f64) -> f64>,
    bias: Option<Tensor<D>>,
) -> Option<Gated> {
    if rows.groups() < GROUPS || !rows.may_be_gated() {
        return None;
    }
    let gate = rows.gate().cloned().map(held);
    let map = map();
    if !is_gain(rows, &map, gate.as_ref(), other)? {
        return None;
    }
    let cells = map.neighbours.inputs();
    let lanes = match rows.lanes() {
        Some(lanes) => lanes.in_planes([map.channels[0], cells]),
        None => Cow::Owned(Lanes::of(&held(rows.tensor()?.clone()), rows.points(), cells)),
    };
    let offset = bias.map(|bias| lanes.offset(&held(bias)));
    let pulled = for_float!(lanes.dtype, product(&map, &lanes, gate.as_ref()));
    let pulled = match gate {
        Some(_) => Rows::of_lanes(pulled),
        None => Rows::new(pulled.into_tensor(), rows.points()),
    };
    Some((pulled, offset))
}

/// Whether the map behind the gate costs less than the other way.
fn is_gain(
    rows: &Rows,
    map: &Map<'_>,
    gate: Option<&FlexTensor>,
    other: Other<impl FnOnce(f64) -> f64>,
) -> Option<bool> {
    let (entries, listing, laying_out) = match rows.lanes() {
        Some(lanes) => (lanes.share(), 0.0, LAYING_OUT),
        None => (share(&held(rows.tensor()?.clone())), LISTING, 0.0),
    };
    let (laying_out, writing) = match (other.takes_lanes, gate) {
        (true, Some(_)) => (0.0, LEAVING),
        (true, None) => (0.0, WRITING),
        (false, _) => (laying_out, WRITING),
    };
    let open = gate.map_or(1.0, share);
    let ([inputs, outputs], neighbours) = (map.channels, map.neighbours);
    let multiplications = (neighbours.meetings() * inputs * outputs) as f64;
    let numbers = [inputs * neighbours.inputs(), outputs * neighbours.outputs()];
    let [read, written] = numbers.map(|numbers| numbers as f64);
    let width = for_float!(map.weights.dtype(), width(rows.groups()));
    let lanes = width as f64 / rows.groups() as f64;
    let own = LISTED * entries * open * lanes * multiplications;
    let own = own + listing * read + writing * written;
    Some(own <= (other.cost)(entries) * multiplications + laying_out * read)
}

/// Share of numbers other than zero.
fn share(numbers: &FlexTensor) -> f64 {
    for_float!(numbers.dtype(), share_in(numbers))
}

fn share_in<F: Number>(numbers: &FlexTensor) -> f64 {
    share_of_entries(numbers.storage::<F>())
}

fn product<F: Number>(map: &Map<'_>, rows: &Lanes, gate: Option<&FlexTensor>) -> Lanes {
    let product = Product {
        neighbours: map.neighbours,
        channels: map.channels,
        weights: map.weights.storage::<F>(),
        width: width::<F>(rows.groups),
    };
    let cells = map.neighbours.outputs();
    let outputs = map.channels[1] * cells;
    let gate = gate.map(FlexTensor::storage::<F>);
    let result = |(point, entries)| {
        let marks = match gate {
            Some(gate) => open(&gate[point * outputs..][..outputs]),
            None => vec![1; outputs],
        };
        Point { entries, pulled: Entries::new::<F>(Units::marked(&marks, cells), product.width) }
    };
    let mut points: Vec<_> = rows.points.par_iter().enumerate().map(result).collect();
    let bytes = rows.features() * product.width * size_of::<F>();
    let together = (NEAR / bytes.max(1)).max(1);
    let product = &product;
    points.par_chunks_mut(together).for_each(|points| with_simd(Task { product, points }));
    let points = points.into_iter().map(|point| point.pulled);
    Lanes { points: points.collect(), groups: rows.groups, dtype: rows.dtype }
}

/// Marks for numbers of a gate that are positive.
fn open<F: Number>(gate: &[F]) -> Vec<u8> {
    gate.iter().map(|&number| u8::from(number > F::ZERO)).collect()
}

struct Product<'a, F> {
    neighbours: &'a Neighbours,
    channels: [usize; 2],
    weights: &'a [F],
    /// Numbers of an entry.
    width: usize,
}

/// A point, and what its rows have at the output.
struct Point<'a> {
    entries: &'a Entries,
    pulled: Entries,
}

/// Some points.
struct Task<'a, 'p, F> {
    product: &'a Product<'a, F>,
    points: &'a mut [Point<'p>],
}

impl<F: Number> WithSimd for Task<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [_, outputs] = self.product.channels;
        let length = self.product.weights.len() / outputs;
        let block = (NEAR / size_of::<F>() / length.max(1)).clamp(UNITS[0], outputs.max(UNITS[0]));
        for start in (0..outputs).step_by(block) {
            for point in self.points.iter_mut() {
                self.product.channels_of(simd, point, start..outputs.min(start + block));
            }
        }
    }
}

impl<F: Number> Product<'_, F> {
    /// Sums for some channels of the output of a point.
    #[inline(always)]
    fn channels_of<S: Simd>(&self, simd: S, point: &mut Point<'_>, channels: Range<usize>) {
        let numbers = point.entries.numbers::<F>();
        let (open, sums) = point.pulled.parts::<F>();
        let (lanes, inputs) = (F::lanes::<S>(), self.channels[0] as u32);
        let mut parts = Vec::new();
        for cell in 0..self.neighbours.outputs() {
            let within = open.within(cell, channels.clone());
            if within.is_empty() {
                continue;
            }
            parts.clear();
            for &run in self.neighbours.of(cell) {
                let span = point.entries.units.of_run(run);
                parts.push(Part {
                    units: point.entries.units.of(span.clone()),
                    numbers: &numbers[span.start * self.width..span.end * self.width],
                    offset: run.kernel.wrapping_sub(run.input).wrapping_mul(inputs),
                });
            }
            let cell = Cell { product: self, parts: &parts, origin: cell * self.channels[1] };
            let units = open.of(within.clone());
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

/// A cell of the output, and all that it sees.
struct Cell<'a, F> {
    product: &'a Product<'a, F>,
    parts: &'a [Part<'a, F>],
    /// The number of its first unit.
    origin: usize,
}

impl<F: Number> Cell<'_, F> {
    /// Sums `[units, width]`, in some vectors of groups from `start` on.
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

    /// The same of a few units.
    #[inline(always)]
    fn tile<S: Simd, const COUNT: usize, const VECTORS: usize>(
        &self,
        simd: S,
        units: &[u32],
        start: usize,
        sums: &mut [F],
    ) {
        let Product { channels: [_, outputs], weights: all, width, .. } = *self.product;
        let length = all.len() / outputs;
        let mut weights = [&[] as &[F]; COUNT];
        for (weights, &unit) in weights.iter_mut().zip(units) {
            *weights = &all[(unit as usize - self.origin) * length..][..length];
        }
        let block = tile::sums::<F, S, COUNT, VECTORS>(simd, self.parts, weights, [start, width]);
        for (sums, block) in sums.chunks_exact_mut(width).zip(block) {
            for (to, sum) in F::vectors_mut::<S>(&mut sums[start..]).iter_mut().zip(block) {
                *to = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests;
