//! The nonzero entries of rows.

use std::ops::Range;

use crate::simd::starts;
use crate::simd::{SimdFloat, WeightPanel, with_rows};
use crate::sparsity::Taps;

/// Rows `[groups * points, features]`, group by group.
pub(super) struct GroupedRows<'a, F> {
    pub(super) values: &'a [F],
    pub(super) points: usize,
    pub(super) features: usize,
}

impl<'a, F> GroupedRows<'a, F> {
    /// The rows of a point in `ROWS` groups from `first` on.
    fn rows<const ROWS: usize>(&self, point: usize, first: usize) -> [&'a [F]; ROWS] {
        std::array::from_fn(|group| {
            let row = (first + group) * self.points + point;
            &self.values[row * self.features..][..self.features]
        })
    }
}

/// The entries of rows that are multiplied together at which at least one row is not zero, cell by
/// cell.
pub(super) struct NonzeroEntries<F> {
    /// `cell * channels + channel`
    entries: Vec<u32>,
    /// The numbers of the rows, `[entries, rows]`.
    values: Vec<F>,
    /// The end of every cell in `entries`.
    ends: Vec<u32>,
    /// Number of rows.
    rows: usize,
}

/// The entries of a run of taps.
pub(super) struct EntryRun<'a, F> {
    entries: &'a [u32],
    /// The numbers of the rows, `[entries, rows]`.
    values: &'a [F],
    /// The difference between the row of an entry's weights and the entry.
    offset: u32,
}

impl<F: SimdFloat> EntryRun<'_, F> {
    /// The numbers of the rows at every entry, and the weights that they are multiplied with.
    #[inline(always)]
    pub(super) fn pairs<'a, const ROWS: usize>(
        &'a self,
        panel: &'a WeightPanel<'_, F>,
    ) -> impl Iterator<Item = (&'a [F; ROWS], &'a [F])> {
        let row = |&entry: &u32| panel.row(entry.wrapping_add(self.offset) as usize);
        self.values.as_chunks::<ROWS>().0.iter().zip(self.entries.iter().map(row))
    }
}

impl<F: SimdFloat> NonzeroEntries<F> {
    /// The nonzero entries of the planes `[channels, cells]` of a point, in some groups.
    pub(super) fn of_cells(
        grouped: &GroupedRows<'_, F>,
        point: usize,
        groups: Range<usize>,
        cells: usize,
    ) -> Self {
        with_rows!(groups.len(), ROWS => {
            Self::of_planes::<ROWS>(grouped.rows(point, groups.start), cells)
        })
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
        // `ends` holds the start of every cell. Each entry moves it forward, up to the end of the
        // cell.
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
        Self { entries, values: values.into_flattened(), ends, rows: ROWS }
    }

    /// The entries of a run of taps.
    pub(super) fn of_run(&self, run: Taps, channels: usize) -> EntryRun<'_, F> {
        let offset = run.kernel.wrapping_sub(run.input).wrapping_mul(channels as u32);
        let (first, count) = (run.input as usize, run.count as usize);
        let start = if first == 0 { 0 } else { self.ends[first - 1] as usize };
        let span = start..self.ends[first + count - 1] as usize;
        let values = span.start * self.rows..span.end * self.rows;
        EntryRun { entries: &self.entries[span], values: &self.values[values], offset }
    }
}

#[inline(always)]
fn is_entry<F: SimdFloat, const ROWS: usize>(numbers: &[F; ROWS]) -> bool {
    numbers.iter().fold(false, |is, &number| is | (number != F::ZERO))
}
