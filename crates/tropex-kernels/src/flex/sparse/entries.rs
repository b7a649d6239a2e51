//! The entries of rows that are not zero.

use std::ops::Range;

use crate::simd::starts;
use crate::simd::{Panel, SimdFloat, with_rows};
use crate::sparsity::Taps;

/// Values `[groups * points, features]`, group by group.
pub(super) struct Grouped<'a, F> {
    pub(super) values: &'a [F],
    pub(super) points: usize,
    pub(super) features: usize,
}

impl<'a, F> Grouped<'a, F> {
    /// The row of a point in each of the groups from `first` on.
    fn rows<const ROWS: usize>(&self, point: usize, first: usize) -> [&'a [F]; ROWS] {
        std::array::from_fn(|group| {
            let row = (first + group) * self.points + point;
            &self.values[row * self.features..][..self.features]
        })
    }
}

/// Entries of rows that are multiplied row_blocks, one list after the other: where at least one of
/// the rows is not zero.
pub(super) struct Entries<F> {
    entries: Vec<u32>,
    /// What each of the rows has there, entry by entry.
    values: Vec<F>,
    /// Where a list ends.
    ends: Vec<u32>,
    /// Rows.
    together: usize,
}

/// Some entries of the rows of a point that are multiplied together.
pub(super) struct Part<'a, F> {
    /// Where at least one of the rows is not zero.
    entries: &'a [u32],
    /// What the rows have there, entry by entry.
    values: &'a [F],
    /// From an entry to the row of the weights that it meets.
    offset: u32,
}

impl<F: SimdFloat> Part<'_, F> {
    /// What the rows have at an entry, and the weights that it meets.
    #[inline(always)]
    pub(super) fn pairs<'a, const ROWS: usize>(
        &'a self,
        panel: &'a Panel<'_, F>,
    ) -> impl Iterator<Item = (&'a [F; ROWS], &'a [F])> {
        let row = |&entry: &u32| panel.row(entry.wrapping_add(self.offset) as usize);
        self.values.as_chunks::<ROWS>().0.iter().zip(self.entries.iter().map(row))
    }
}

impl<F: SimdFloat> Entries<F> {
    /// A list of channels for every cell of the planes `[channels, cells]` of a point; an entry is
    /// `cell * channels + channel`.
    pub(super) fn of_cells(
        grouped: &Grouped<'_, F>,
        point: usize,
        groups: Range<usize>,
        cells: usize,
    ) -> Self {
        with_rows!(groups.len(), ROWS => Self::of_planes::<ROWS>(grouped.rows(point, groups.start), cells))
    }

    fn of_planes<const ROWS: usize>(planes: [&[F]; ROWS], cells: usize) -> Self {
        let channels = planes[0].len() / cells;
        let plane = |channel: usize| planes.map(|plane| &plane[channel * cells..][..cells]);
        let mut ends = vec![0_u32; cells];
        for channel in 0..channels {
            let plane = plane(channel);
            for (cell, end) in ends.iter_mut().enumerate() {
                *end += u32::from(is_entry(&plane.map(|plane| plane[cell])));
            }
        }
        let count = starts(&mut ends);
        let (mut entries, mut values) = (vec![0; count], vec![[F::ZERO; ROWS]; count]);
        // Where a list begins moves to where it ends.
        for channel in 0..channels {
            let plane = plane(channel);
            for (cell, end) in ends.iter_mut().enumerate() {
                let found = plane.map(|plane| plane[cell]);
                if is_entry(&found) {
                    entries[*end as usize] = (cell * channels + channel) as u32;
                    values[*end as usize] = found;
                    *end += 1;
                }
            }
        }
        Self { entries, values: values.into_flattened(), ends, together: ROWS }
    }

    /// The lists of some cells, which meet the weights of cells of a kernel.
    pub(super) fn of_run(&self, run: Taps, channels: usize) -> Part<'_, F> {
        let offset = run.kernel.wrapping_sub(run.input).wrapping_mul(channels as u32);
        self.lists(run.input as usize, run.count as usize, offset)
    }

    fn lists(&self, first: usize, count: usize, offset: u32) -> Part<'_, F> {
        let start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        let span = start..self.ends[first + count - 1] as usize;
        let values = span.start * self.together..span.end * self.together;
        Part { entries: &self.entries[span], values: &self.values[values], offset }
    }
}

#[inline(always)]
fn is_entry<F: SimdFloat, const ROWS: usize>(numbers: &[F; ROWS]) -> bool {
    numbers.iter().fold(false, |is, &number| is | (number != F::ZERO))
}
