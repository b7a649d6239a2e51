//! Interleaved rows: the numbers of all groups at one unit are neighbours in memory.

mod active_units;
mod starts;

use std::borrow::Cow;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::simd::buffer::Buffer;
use crate::simd::tensor::{for_float, held, positions, zeros};
use crate::simd::vector::{SimdFloat, lanes};

pub(crate) use active_units::ActiveUnits;
pub(crate) use starts::starts;

/// Interleaved rows of several groups, point by point. At every unit at which at least one row of
/// the point is not zero, there is a number for every group.
#[derive(Clone, Debug)]
pub(crate) struct Interleaved {
    pub(crate) points: Vec<PointEntries>,
    pub(crate) groups: usize,
    pub(crate) dtype: DType,
}

/// The entries of the rows of a point.
#[derive(Clone, Debug)]
pub(crate) struct PointEntries {
    pub(crate) units: ActiveUnits,
    /// `[units, width]`: a number for every group, filled up to whole vectors with zeros.
    numbers: Buffer,
}

/// Features of a row that are written at a time: a cache line of 64 bytes holds 16 numbers in f32.
const FEATURES: usize = 16;

impl PointEntries {
    /// Entries of arbitrary values at some units.
    pub(crate) fn new<F: SimdFloat>(units: ActiveUnits, width: usize) -> Self {
        Self { numbers: Buffer::new::<F>(units.len() * width), units }
    }

    pub(crate) fn numbers<F: SimdFloat>(&self) -> &[F] {
        self.numbers.numbers()
    }

    /// The units, and their numbers to write to.
    pub(crate) fn units_and_numbers<F: SimdFloat>(&mut self) -> (&ActiveUnits, &mut [F]) {
        (&self.units, self.numbers.numbers_mut())
    }

    /// The entries of rows `[channels, cells]`.
    fn of_rows<F: SimdFloat>(rows: &[&[F]], cells: usize) -> Self {
        let mut marks = vec![0; rows[0].len()];
        for row in rows {
            for (mark, &number) in marks.iter_mut().zip(*row) {
                *mark |= u8::from(number != F::ZERO);
            }
        }
        let units = ActiveUnits::marked(&marks, cells);
        let width = width::<F>(rows.len());
        let mut entries = Self::new::<F>(units, width);
        let (units, numbers) = entries.units_and_numbers::<F>();
        for (numbers, place) in numbers.chunks_exact_mut(width).zip(units.places()) {
            let (present, absent) = numbers.split_at_mut(rows.len());
            for (number, row) in present.iter_mut().zip(rows) {
                *number = row[place as usize];
            }
            absent.fill(F::ZERO);
        }
        entries
    }

    /// Entries at some places of planes with other extents. `origins` is the index of the entry
    /// here for every place.
    fn moved<F: SimdFloat>(&self, places: &[u32], origins: &[u32], extents: [usize; 2]) -> Self {
        let numbers = self.numbers::<F>();
        let width = numbers.len() / self.units.len().max(1);
        let (units, order) = ActiveUnits::at(places, extents);
        let mut moved = Self::new::<F>(units, width);
        for (to, place) in
            moved.units_and_numbers::<F>().1.chunks_exact_mut(width.max(1)).zip(order)
        {
            let start = origins[place as usize] as usize * width;
            to.copy_from_slice(&numbers[start..start + width]);
        }
        moved
    }

    /// The entries in planes with other extents and an equal number of features.
    fn regrouped<F: SimdFloat>(&self, extents: [usize; 2]) -> Self {
        let origins: Vec<_> = (0..self.units.len() as u32).collect();
        self.moved::<F>(&self.units.places(), &origins, extents)
    }

    /// The entries where the mask of the point is positive. `None` if these are all.
    fn masked<F: SimdFloat>(&self, mask: &[F]) -> Option<Self> {
        let places = self.units.places();
        if places.iter().all(|&place| mask[place as usize] > F::ZERO) {
            return None;
        }
        let is_active = |&origin: &u32| mask[places[origin as usize] as usize] > F::ZERO;
        let origins: Vec<_> = (0..places.len() as u32).filter(is_active).collect();
        let places: Vec<_> = origins.iter().map(|&origin| places[origin as usize]).collect();
        Some(self.moved::<F>(&places, &origins, self.units.extents()))
    }

    /// Moves the entry of every window to its winning cell. Other cells are 0.
    fn scattered<F: SimdFloat>(&self, winners: &[u32], [channels, cells]: [usize; 2]) -> Self {
        let windows = winners.len() / channels;
        let mut places = self.units.places();
        for place in &mut places {
            let winner = winners[*place as usize];
            *place = *place / windows as u32 * cells as u32 + winner;
        }
        let origins: Vec<_> = (0..places.len() as u32).collect();
        self.moved::<F>(&places, &origins, [channels, cells])
    }

    /// Writes the entries to rows of zeros.
    fn write<F: SimdFloat>(&self, rows: &mut [&mut [F]]) {
        let Some(features) = rows.first().map(|row| row.len()) else { return };
        let (numbers, width) = (self.numbers::<F>(), width::<F>(rows.len()));
        let mut entries = vec![u32::MAX; features];
        for (entry, place) in self.units.places().into_iter().enumerate() {
            entries[place as usize] = entry as u32;
        }
        // A few features at a time: rows are often a multiple of a memory page apart, so that their
        // addresses map to the same cache set.
        for (part, entries) in entries.chunks(FEATURES).enumerate() {
            for (group, row) in rows.iter_mut().enumerate() {
                let row = row[part * FEATURES..].iter_mut().zip(entries);
                for (to, &entry) in row.filter(|(_, entry)| **entry != u32::MAX) {
                    *to = numbers[entry as usize * width + group];
                }
            }
        }
    }

    /// For every group the sum of its numbers times the bias of their channel.
    fn offset<F: SimdFloat>(&self, bias: &[F], groups: usize) -> Vec<F> {
        let (numbers, width) = (self.numbers::<F>(), width::<F>(groups));
        let cells = self.units.extents()[0] * self.units.extents()[1] / bias.len();
        let mut sums = vec![F::ZERO; width];
        for (numbers, place) in numbers.chunks_exact(width).zip(self.units.places()) {
            let bias = bias[place as usize / cells];
            for (sum, &number) in sums.iter_mut().zip(numbers) {
                *sum += number * bias;
            }
        }
        sums
    }
}

/// Numbers of an entry: one per group, filled up to whole vectors.
pub(crate) fn width<F: SimdFloat>(groups: usize) -> usize {
    groups.next_multiple_of(lanes::<F>())
}

impl Interleaved {
    /// Interleaves rows `[groups * points, channels * cells]`, group by group.
    pub(crate) fn of(rows: &FlexTensor, points: usize, cells: usize) -> Self {
        for_float!(rows.dtype(), interleave(rows, points, cells))
    }

    /// The rows in planes with other extents and an equal number of features.
    pub(crate) fn in_planes(&self, extents: [usize; 2]) -> Cow<'_, Self> {
        if self.points.iter().all(|entries| entries.units.extents() == extents) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(for_float!(self.dtype, regrouped(self, extents)))
    }

    /// The rows where a mask `[points, features]` is positive, and zeros.
    pub(crate) fn masked(self, mask: &Tensor<2>) -> Self {
        let mask = held(mask.clone());
        for_float!(self.dtype, masked(self, &mask))
    }

    /// Moves the numbers of windows to their winners. No two windows may have one winner.
    ///
    /// # Shapes
    /// - winner: `[points, channels, windows]`, positions among the `cells` of a plane
    pub(crate) fn scattered(&self, winner: &Tensor<3, Int>, cells: usize) -> Self {
        let [_, channels, windows] = winner.dims();
        let (winners, size) = (positions(winner), channels * windows);
        for_float!(self.dtype, scattered(self, &winners, size, [channels, cells]))
    }

    /// The rows `[groups * points, features]`, group by group.
    pub(crate) fn into_tensor(self) -> Tensor<2> {
        Tensor::from_primitive::<Flex>(for_float!(self.dtype, dense(&self)))
    }

    /// Sums `[groups * points, 1]` of the rows times a bias per channel.
    pub(crate) fn offset(&self, bias: &FlexTensor) -> Tensor<2> {
        Tensor::from_primitive::<Flex>(for_float!(self.dtype, offset(self, bias)))
    }

    /// The type of the numbers.
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// The units of a point and their numbers `[units, width]`.
    pub(crate) fn entries_of<F: SimdFloat>(&self, point: usize) -> (&[u32], &[F]) {
        let entries = &self.points[point];
        (entries.units.of(0..entries.units.len()), entries.numbers())
    }

    /// Number of features of a row.
    pub(crate) fn features(&self) -> usize {
        self.points.first().map_or(0, |entries| entries.units.extents().iter().product())
    }

    /// Number of points.
    pub(crate) fn points(&self) -> usize {
        self.points.len()
    }

    /// Number of groups.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Share of the features that have an entry.
    pub(crate) fn density(&self) -> f64 {
        let entries: usize = self.points.iter().map(|entries| entries.units.len()).sum();
        entries as f64 / (self.features() * self.points.len()).max(1) as f64
    }

    /// The rows with other entries for every point.
    fn map(&self, work: impl Fn(usize, &PointEntries) -> PointEntries + Sync) -> Self {
        let points = self.points.par_iter().enumerate();
        let points = points.map(|(point, entries)| work(point, entries)).collect();
        Self { points, ..*self }
    }
}

fn interleave<F: SimdFloat>(rows: &FlexTensor, points: usize, cells: usize) -> Interleaved {
    let [count, features] = [rows.layout().shape()[0], rows.layout().shape()[1]];
    let (values, groups) = (rows.storage::<F>(), count / points);
    let entries = |point| {
        let row = |group| &values[(group * points + point) * features..][..features];
        PointEntries::of_rows(&(0..groups).map(row).collect::<Vec<_>>(), cells)
    };
    let entries = (0..points).into_par_iter().map(entries).collect();
    Interleaved { points: entries, groups, dtype: rows.dtype() }
}

fn regrouped<F: SimdFloat>(rows: &Interleaved, extents: [usize; 2]) -> Interleaved {
    rows.map(|_, entries| entries.regrouped::<F>(extents))
}

fn masked<F: SimdFloat>(mut rows: Interleaved, mask: &FlexTensor) -> Interleaved {
    let features = rows.features();
    let masks = mask.storage::<F>().par_chunks(features.max(1));
    rows.points.par_iter_mut().zip(masks).for_each(|(entries, mask)| {
        if let Some(less) = entries.masked(mask) {
            *entries = less;
        }
    });
    rows
}

fn scattered<F: SimdFloat>(
    rows: &Interleaved,
    winners: &[u32],
    size: usize,
    extents: [usize; 2],
) -> Interleaved {
    rows.map(|point, entries| entries.scattered::<F>(&winners[point * size..][..size], extents))
}

fn dense<F: SimdFloat>(rows: &Interleaved) -> FlexTensor {
    let (points, features) = (rows.points(), rows.features());
    let mut result = zeros::<F>([rows.groups * points, features]);
    let mut targets: Vec<Vec<_>> = rows.points.iter().map(|_| Vec::new()).collect();
    for (row, numbers) in result.storage_mut::<F>().chunks_exact_mut(features).enumerate() {
        targets[row % points].push(numbers);
    }
    let points = rows.points.par_iter().zip(&mut targets);
    points.for_each(|(entries, target)| entries.write(target));
    result
}

fn offset<F: SimdFloat>(rows: &Interleaved, bias: &FlexTensor) -> FlexTensor {
    let (bias, points) = (bias.storage::<F>(), rows.points());
    let mut result = vec![F::ZERO; rows.groups * points];
    for (point, entries) in rows.points.iter().enumerate() {
        for (group, sum) in entries.offset(bias, rows.groups)[..rows.groups].iter().enumerate() {
            result[group * points + point] = *sum;
        }
    }
    FlexTensor::from_data(TensorData::new(result, [rows.groups * points, 1]))
}
