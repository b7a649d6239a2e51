//! The entries of rows that are not zero.

use std::ops::Range;

use super::sums::{Number, Part};

/// Values `[groups * points, features]`, group by group.
pub(super) struct Grouped<'a, F> {
    pub(super) values: &'a [F],
    pub(super) points: usize,
    pub(super) features: usize,
}

impl<'a, F> Grouped<'a, F> {
    /// The rows of a point in some groups.
    pub(super) fn rows(&self, point: usize, groups: Range<usize>) -> Vec<&'a [F]> {
        let row = |group| &self.values[(group * self.points + point) * self.features..];
        groups.map(|group| &row(group)[..self.features]).collect()
    }
}

/// Entries of rows that are multiplied together, one list after the other: where at least one of
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

impl<F: Number> Entries<F> {
    /// A list for every point.
    pub(super) fn of_points(
        grouped: &Grouped<'_, F>,
        points: Range<usize>,
        groups: Range<usize>,
    ) -> Self {
        let together = groups.len();
        let (mut entries, mut values, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        let mut end = 0;
        for point in points {
            let rows = grouped.rows(point, groups.clone());
            entries.resize(end + grouped.features, 0);
            values.resize((end + grouped.features) * together, F::ZERO);
            // Written always and kept only if it is one: a branch would be mispredicted.
            for entry in 0..grouped.features {
                entries[end] = entry as u32;
                let mut is_entry = false;
                for (value, row) in values[end * together..][..together].iter_mut().zip(&rows) {
                    *value = row[entry];
                    is_entry |= row[entry] != F::ZERO;
                }
                end += usize::from(is_entry);
            }
            ends.push(end as u32);
        }
        Self { entries, values, ends, together }
    }

    /// A list of channels for every cell of planes `[channels, cells]`.
    pub(super) fn of_cells(planes: &[&[F]], cells: usize) -> Self {
        let is_entry = |at: usize| planes.iter().any(|plane| plane[at] != F::ZERO);
        let mut ends = vec![0_u32; cells + 1];
        let channels = planes[0].len() / cells;
        for channel in 0..channels {
            for cell in 0..cells {
                ends[cell + 1] += u32::from(is_entry(channel * cells + cell));
            }
        }
        for cell in 0..cells {
            ends[cell + 1] += ends[cell];
        }
        let (count, together) = (ends[cells] as usize, planes.len());
        let (mut entries, mut values) = (vec![0; count], vec![F::ZERO; count * together]);
        // Where a list begins moves to where it ends.
        for channel in 0..channels {
            for (at, end) in (channel * cells..).zip(&mut ends[..cells]) {
                if is_entry(at) {
                    let place = *end as usize;
                    entries[place] = channel as u32;
                    let values = &mut values[place * together..][..together];
                    values.iter_mut().zip(planes).for_each(|(value, plane)| *value = plane[at]);
                    *end += 1;
                }
            }
        }
        Self { entries, values, ends, together }
    }

    /// A list, whose entries meet the weights from row `first` on.
    pub(super) fn part(&self, list: usize, first: usize) -> Part<'_, F> {
        let start = if list == 0 { 0 } else { self.ends[list - 1] as usize };
        let span = start..self.ends[list] as usize;
        let values = span.start * self.together..span.end * self.together;
        Part { entries: &self.entries[span], values: &self.values[values], first }
    }
}
