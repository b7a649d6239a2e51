//! Masks and scatters of rows, with their pending shift.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use crate::attempt::Attempt;
use crate::data::{AffineRows, Slope};
use crate::simd::{Float, for_float, held, holds, positions, zeros};

/// [`crate::mask`], or the unchanged rows if `flex` does not hold the tensors.
pub(crate) fn mask(rows: AffineRows, sign: &Tensor<2>, slope: &Slope) -> Attempt<AffineRows> {
    if rows.interleaved().is_some() && matches!(slope, Slope::Uniform(0.0)) {
        return Attempt::Break(rows.map_interleaved(|rows| rows.masked(sign)));
    }
    let (points, rows) = (rows.points(), rows.in_tensor());
    if !holds_rows(&rows) || !holds(sign) {
        return Attempt::Continue(rows);
    }
    let (rows, sign) = (RowsInPlace::take(rows), held(sign.clone()));
    let masked = match slope {
        Slope::Uniform(slope) => for_float!(sign.dtype(), mask_uniform(rows, &sign, *slope)),
        Slope::PerUnit(slopes) => {
            let slopes = held(slopes.tensor());
            for_float!(sign.dtype(), mask_per_unit(rows, &sign, &slopes))
        }
    };
    Attempt::Break(AffineRows::new(Tensor::from_primitive::<Flex>(masked), points))
}

/// [`crate::scatter`], or the unchanged rows if `flex` does not hold them.
pub(crate) fn scatter(
    rows: AffineRows,
    winner: &Tensor<3, Int>,
    cells: usize,
    overlap: bool,
) -> Attempt<AffineRows> {
    if rows.interleaved().is_some() && !overlap {
        return Attempt::Break(rows.map_interleaved(|rows| rows.scattered(winner, cells)));
    }
    let (points, rows) = (rows.points(), rows.in_tensor());
    if !holds_rows(&rows) {
        return Attempt::Continue(rows);
    }
    let winners = positions(winner);
    let [_, channels, windows] = winner.dims();
    let rows = RowsInPlace::take(rows);
    let extents = [channels, windows, cells];
    let scattered = for_float!(rows.rows.dtype(), scatter_in(&rows, &winners, extents));
    Attempt::Break(AffineRows::new(Tensor::from_primitive::<Flex>(scattered), points))
}

/// Whether `flex` holds the rows and their pending shift.
pub(super) fn holds_rows(rows: &AffineRows) -> bool {
    rows.tensor().is_some_and(holds) && rows.shift.as_ref().is_none_or(holds)
}

/// Rows and their pending shift as `flex` tensors, to be changed in place.
struct RowsInPlace {
    rows: FlexTensor,
    shift: Option<FlexTensor>,
    points: usize,
}

impl RowsInPlace {
    fn take(rows: AffineRows) -> Self {
        let rows_of = held(rows.storage.into_tensor());
        Self { rows: rows_of, shift: rows.shift.map(held), points: rows.points }
    }

    fn features(&self) -> usize {
        self.rows.layout().shape()[1]
    }

    fn count(&self) -> usize {
        self.rows.layout().shape()[0]
    }

    /// Calls `work` with every row: its index, its numbers and its shift, if it has one.
    fn in_place<F: Float>(self, work: impl Fn(usize, &mut [F], Option<&[F]>) + Sync) -> FlexTensor {
        let (features, first_shifted) = (self.features(), self.count() - self.points);
        let Self { mut rows, shift, .. } = self;
        let shift = shift.as_ref().map(|shift| shift.storage::<F>());
        let blocks = rows.storage_mut::<F>().par_chunks_mut(features * ROWS_PER_TASK);
        blocks.enumerate().for_each(|(block, rows)| {
            for (row, index) in rows.chunks_exact_mut(features).zip(block * ROWS_PER_TASK..) {
                work(index, row, shift.filter(|_| index >= first_shifted));
            }
        });
        rows
    }

    /// The shift of a row. Only rows of the last group have one.
    fn shift_of<F: Float>(&self, row: usize) -> Option<&[F]> {
        let shifted = row >= self.count() - self.points;
        self.shift.as_ref().filter(|_| shifted).map(FlexTensor::storage)
    }
}

fn mask_uniform<F: Float>(held: RowsInPlace, sign: &FlexTensor, slope: f64) -> FlexTensor {
    let signs = sign.storage::<F>();
    let slope = F::of(slope);
    let points = held.points;
    held.in_place(|index, row, shift: Option<&[F]>| {
        let sign = &signs[index % points * row.len()..][..row.len()];
        let entries = row.iter_mut().zip(sign);
        match shift {
            None => entries.for_each(|(value, &sign)| *value = sloped(*value, sign, slope)),
            Some(shift) => entries.zip(shift).for_each(|((value, &sign), &shift)| {
                *value = sloped(*value + shift, sign, slope);
            }),
        }
    })
}

/// A number if the sign is positive, else its multiple. Both are computed, to avoid a branch.
fn sloped<F: Float>(value: F, sign: F, slope: F) -> F {
    let scaled = value * slope;
    if sign > F::ZERO { value } else { scaled }
}

fn mask_per_unit<F: Float>(
    held: RowsInPlace,
    sign: &FlexTensor,
    slopes: &FlexTensor,
) -> FlexTensor {
    let (signs, slopes) = (sign.storage::<F>(), slopes.storage::<F>());
    let points = held.points;
    held.in_place(|index, row, shift: Option<&[F]>| {
        let sign = &signs[index % points * row.len()..][..row.len()];
        if let Some(shift) = shift {
            row.iter_mut().zip(shift).for_each(|(value, &shift)| *value += shift);
        }
        for ((value, &sign), &slope) in row.iter_mut().zip(sign).zip(slopes) {
            *value = sloped(*value, sign, slope);
        }
    })
}

fn scatter_in<F: Float>(
    held: &RowsInPlace,
    winners: &[u32],
    [channels, windows, cells]: [usize; 3],
) -> FlexTensor {
    let features = channels * windows;
    let source = held.rows.storage::<F>();
    let mut target = zeros::<F>([held.count(), channels * cells]);
    let planes = target.storage_mut::<F>().par_chunks_mut(channels * cells);
    planes.enumerate().for_each(|(index, planes)| {
        let row = &source[index * features..][..features];
        let winners = &winners[index % held.points * features..][..features];
        let shift = held.shift_of::<F>(index);
        for (entry, (&value, &cell)) in row.iter().zip(winners).enumerate() {
            let value = shift.map_or(value, |shift| value + shift[entry]);
            planes[entry / windows * cells + cell as usize] += value;
        }
    });
    target
}
