//! Division of points into batches, between which Ctrl-C is noticed.

use std::ops::Range;

use tropex_extract::Network;

/// Multiplications of a batch per thread, about a quarter of a second on one core.
const MULTIPLICATIONS: usize = 5_000_000_000;

/// Fewest points of a batch per thread, so that products of small batches do not slow down.
const POINTS: usize = 64;

/// Consecutive batches of points. Their sizes depend on the network and on the number of threads,
/// never on time, so that results are reproducible.
pub(crate) struct Batches {
    next: usize,
    points: usize,
    size: usize,
}

impl Batches {
    /// Batches of `points` points that go through a network with `rows` rows per point.
    pub(crate) fn new(network: &Network, points: usize, rows: usize) -> Self {
        let threads = rayon::current_num_threads();
        let once: usize = network.nodes().iter().map(|node| node.multiplications()).sum();
        let work = once.saturating_mul(1 + rows).max(1);
        let size = (MULTIPLICATIONS / work).max(POINTS).saturating_mul(threads);
        Self { next: 0, points, size }
    }
}

impl Iterator for Batches {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let batch = self.next..self.points.min(self.next.saturating_add(self.size));
        self.next = batch.end;
        (!batch.is_empty()).then_some(batch)
    }
}

/// The numbers of a batch among those of all points, `[points, features]` row by row.
pub(crate) fn numbers_of<'a, T>(batch: &Range<usize>, all: &'a [T], features: usize) -> &'a [T] {
    &all[batch.start * features..batch.end * features]
}
