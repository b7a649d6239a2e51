//! The active units of a point.

use std::ops::Range;

use super::starts::starts;
use crate::sparsity::Taps;

/// Cells that are listed at a time.
const CELLS: usize = 64;

/// A subset of the units `[channels, cells]` of a point, cell by cell.
///
/// A unit is `cell * channels + channel`, its *place* in planes is `channel * cells + cell`.
#[derive(Clone, Debug)]
pub(crate) struct ActiveUnits {
    units: Vec<u32>,
    /// The end of every cell in `units`.
    ends: Vec<u32>,
    channels: usize,
}

impl ActiveUnits {
    /// The units with a mark of 1, in the order of cells and channels.
    ///
    /// # Shapes
    /// - marks: `[channels, cells]`, 0 or 1
    pub(crate) fn marked(marks: &[u8], cells: usize) -> Self {
        let channels = marks.len() / cells;
        let (mut units, mut ends) = (Vec::with_capacity(marks.len()), Vec::with_capacity(cells));
        let mut found = vec![0; CELLS.min(cells) * channels];
        for first in (0..cells).step_by(CELLS) {
            let some = CELLS.min(cells - first);
            let mut counts = [0; CELLS];
            // A channel without a mark is overwritten by the next one. A branch would often be
            // mispredicted.
            for (channel, plane) in marks.chunks_exact(cells).enumerate() {
                let cells = plane[first..][..some].iter().zip(found.chunks_exact_mut(channels));
                for ((&mark, found), count) in cells.zip(&mut counts) {
                    found[*count as usize] = channel as u32;
                    *count += u32::from(mark);
                }
            }
            let cells = found.chunks_exact(channels).zip(&counts[..some]);
            for (cell, (found, &count)) in cells.enumerate() {
                let origin = ((first + cell) * channels) as u32;
                units.extend(found[..count as usize].iter().map(|channel| origin + channel));
                ends.push(units.len() as u32);
            }
        }
        Self { units, ends, channels }
    }

    /// The units at some places of planes `[channels, cells]`, and the index of each unit's place.
    pub(crate) fn at(places: &[u32], [channels, cells]: [usize; 2]) -> (Self, Vec<u32>) {
        let split = |&place: &u32| (place / cells as u32, place as usize % cells);
        let mut ends = vec![0; cells];
        for place in places {
            ends[split(place).1] += 1;
        }
        let mut units = vec![0; starts(&mut ends)];
        let mut origins = vec![0; units.len()];
        for (origin, place) in places.iter().enumerate() {
            let (channel, cell) = split(place);
            let end = &mut ends[cell];
            units[*end as usize] = cell as u32 * channels as u32 + channel;
            origins[*end as usize] = origin as u32;
            *end += 1;
        }
        (Self { units, ends, channels }, origins)
    }

    /// Numbers of channels and cells of the planes.
    pub(crate) fn extents(&self) -> [usize; 2] {
        [self.channels, self.ends.len()]
    }

    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    /// The place of every unit.
    pub(crate) fn places(&self) -> Vec<u32> {
        let [channels, cells] = self.extents();
        let mut places = Vec::with_capacity(self.len());
        for cell in 0..cells {
            let origin = (cell * channels) as u32;
            let units = &self.units[self.span(cell, 1)];
            places.extend(units.iter().map(|unit| (unit - origin) * cells as u32 + cell as u32));
        }
        places
    }

    /// The indices of the units of some channels of a cell.
    pub(crate) fn within(&self, cell: usize, channels: Range<usize>) -> Range<usize> {
        let span = self.span(cell, 1);
        let units = &self.units[span.clone()];
        let origin = cell * self.channels;
        let before = |channel| units.partition_point(|&unit| (unit as usize) < origin + channel);
        span.start + before(channels.start)..span.start + before(channels.end)
    }

    /// The indices of the units of a run of taps.
    pub(crate) fn of_run(&self, run: Taps) -> Range<usize> {
        self.span(run.input as usize, run.count as usize)
    }

    /// The units with some indices.
    pub(crate) fn of(&self, span: Range<usize>) -> &[u32] {
        &self.units[span]
    }

    fn span(&self, cell: usize, count: usize) -> Range<usize> {
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
        start..self.ends[cell + count - 1] as usize
    }
}
