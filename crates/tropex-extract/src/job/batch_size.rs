//! The division of points into batches.

use std::ops::Range;

use super::ExtractOptions;
use crate::Extractor;
use crate::store::TermsHeader;

/// Bytes of a batch on a device that processes one batch at a time, approximately. Larger batches
/// do not make the products faster.
const BATCH_BYTES: usize = 48 << 20;

/// Largest number of points of a batch.
const BATCH_POINTS: usize = 1024;

/// Number of points of a batch; the last batch of a shard may have fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchSize(usize);

impl BatchSize {
    /// A batch of a number of points, at least 1.
    pub(super) fn of_points(points: usize) -> Self {
        Self(points.max(1))
    }

    /// The requested size, or the size that suits the network and its device.
    pub(super) fn of(extractor: &Extractor, options: &ExtractOptions) -> Self {
        let network = extractor.network();
        let groups = extractor.per_point() + 1;
        let for_memory = || extractor.batch_for(BATCH_BYTES).min(BATCH_POINTS);
        let fitting = || network.points_per_thread(groups).unwrap_or_else(for_memory);
        Self::of_points(options.batch.unwrap_or_else(fitting))
    }

    /// Number of points.
    pub(super) fn points(self) -> usize {
        self.0
    }

    /// The batches of a shard at these positions. They do not depend on other shards.
    pub(super) fn in_shard(self, span: Range<usize>) -> Vec<Range<usize>> {
        let starts = span.clone().step_by(self.0);
        starts.map(|start| start..span.end.min(start.saturating_add(self.0))).collect()
    }

    /// The batches of all points.
    pub(super) fn of_all(self, terms: &TermsHeader) -> Vec<Range<usize>> {
        let shards = (0..terms.shard_count()).map(|number| terms.span(number));
        shards.flat_map(|span| self.in_shard(span)).collect()
    }
}
