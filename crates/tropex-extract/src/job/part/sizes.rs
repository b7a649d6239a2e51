//! What the parts of an extraction will take.

use std::ops::RangeInclusive;

use super::cut::pieces_of;
use crate::gauge::tight::PartPullback;
use crate::job::ExtractOptions;
use crate::job::batch_size::BatchSize;
use crate::job::extract_store::header;
use crate::part_number::PartNumber;
use crate::{Error, Extractor, PointSource};

/// Numbers that follow from the network and the settings, before anything is extracted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PartSizes {
    /// Number of points.
    pub points: usize,
    /// Number of shards.
    pub shards: usize,
    /// Number of points per batch.
    pub batch: usize,
    /// Number of batches.
    pub batches: usize,
    /// Stages that find the shifts; 0 if they are known before.
    pub stages: usize,
    /// Smallest and largest number of points of a part.
    pub points_per_part: RangeInclusive<usize>,
    /// Floating-point operations of replay and pullback of all points, two per multiplication, with
    /// zeros counted.
    pub operations: f64,
    /// Bytes of the terms of all points.
    pub bytes: u64,
    /// Bytes of the rows of all points between two stages, at most; 0 without stages.
    pub row_bytes: u64,
    /// Bytes of memory that a part takes for the network, its batches and its terms, approximately.
    pub memory: u64,
}

impl PartSizes {
    /// The sizes of an extraction in a number of parts.
    ///
    /// # Errors
    /// A source without points, or with points of another number of features.
    pub fn of(
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        parts: usize,
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        let batch = BatchSize::of(extractor, options);
        let points = |part| -> usize {
            pieces_of(part, &terms, batch).iter().map(|piece| piece.points().len()).sum()
        };
        let of_parts: Vec<usize> = PartNumber::all(parts).map(points).collect();
        let least = of_parts.iter().copied().min().unwrap_or(0);
        let most = of_parts.iter().copied().max().unwrap_or(0);
        let network = extractor.network();
        let (groups, number) = (extractor.per_point() + 1, network.target().precision().bytes());
        let row = |features: usize| (groups * features * number) as u64;
        let stages = stages_of(extractor);
        let rows = if stages == 0 { 0 } else { row(network.widest()) };
        let multiplications: usize =
            network.nodes().iter().map(|node| node.multiplications()).sum();
        let in_batch = network.units() + 3 * groups * network.widest();
        let at_a_time = extractor.workers().len() * batch.points().min(most) * in_batch;
        let in_shards = row(terms.features()) * terms.shard_points.min(most) as u64;
        let weights = (network.parameters() + at_a_time) * number;
        Ok(Self {
            points: terms.points,
            shards: terms.shard_count(),
            batch: batch.points(),
            batches: batch.of_all(&terms).len(),
            stages,
            points_per_part: least..=most,
            operations: 2.0 * (multiplications * (1 + groups)) as f64 * terms.points as f64,
            bytes: (row(terms.features()) + row(1)) * terms.points as u64
                + 3 * (size_of::<i64>() * terms.points) as u64,
            row_bytes: rows * terms.points as u64,
            // A shard is written while the next one is filled.
            memory: weights as u64 + 2 * in_shards,
        })
    }
}

/// Number of stages in which parts find the shifts of an extractor: the number of maxima of its
/// network plus 1, or 0 if the shifts are known.
pub(super) fn stages_of(extractor: &Extractor) -> usize {
    match extractor.shifts() {
        Some(_) => 0,
        None => PartPullback::stage_count(extractor.network()),
    }
}
