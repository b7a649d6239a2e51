//! The units of a point that count.

use std::ops::Range;

use crate::sparsity::Taps;

use super::starts;

/// Cells that are listed together.
const CELLS: usize = 64;

/// Some of the units `[channels, cells]` of a point, cell by cell.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    /// `cell * channels + channel`
    units: Vec<u32>,
    /// Where those of a cell end.
    ends: Vec<u32>,
    channels: usize,
}

impl Units {
    /// Those that are marked with a one, of `[channels, cells]`; the channels of a cell are in order.
    pub(crate) fn marked(marks: &[u8], cells: usize) -> Self {
        let channels = marks.len() / cells;
        let (mut units, mut ends) = (Vec::with_capacity(marks.len()), Vec::with_capacity(cells));
        let mut found = vec![0; CELLS.min(cells) * channels];
        for first in (0..cells).step_by(CELLS) {
            let some = CELLS.min(cells - first);
            let mut counts = [0; CELLS];
            // What is not marked is overwritten by the next; a branch would often be foretold wrongly.
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

    /// Those at some places of planes `[channels, cells]`, and which of the places each of them is.
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

    /// Channels and cells of the planes.
    pub(crate) fn extents(&self) -> [usize; 2] {
        [self.channels, self.ends.len()]
    }

    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    /// Where in the planes, channel by channel, the units are.
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

    /// Which units some channels of a cell are.
    pub(crate) fn within(&self, cell: usize, channels: Range<usize>) -> Range<usize> {
        let span = self.span(cell, 1);
        let units = &self.units[span.clone()];
        let origin = cell * self.channels;
        let before = |channel| units.partition_point(|&unit| (unit as usize) < origin + channel);
        span.start + before(channels.start)..span.start + before(channels.end)
    }

    /// Which units the cells of a run are.
    pub(crate) fn of_run(&self, run: Taps) -> Range<usize> {
        self.span(run.input as usize, run.count as usize)
    }

    /// The numbers of some units.
    pub(crate) fn of(&self, span: Range<usize>) -> &[u32] {
        &self.units[span]
    }

    fn span(&self, cell: usize, count: usize) -> Range<usize> {
        let start = if cell == 0 { 0 } else { self.ends[cell - 1] as usize };
        start..self.ends[cell + count - 1] as usize
    }
}
