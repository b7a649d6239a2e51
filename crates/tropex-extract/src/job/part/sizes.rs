//! What the parts of an extraction will take.

use std::ops::RangeInclusive;

use super::cut::pieces_of_all;
use super::identity::PartIdentity;
use super::search::PartSearch;
use crate::gauge::tight::PartPullback;
use crate::job::ExtractOptions;
use crate::job::batch_size::BatchSize;
use crate::job::extract_store::header;
use crate::job::shard_extraction::ShardPiece;
use crate::store::TermsHeader;
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
    /// Stages that find the shifts; 0 if they are known before. With the calibrated gauge, the
    /// stages of the first search, at most.
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
        let (batch, stages) = (BatchSize::of(extractor, options), stages_of(extractor));
        let identity = PartIdentity::new(extractor, source, options, parts)?;
        let search = identity.search(extractor, source);
        let stages = search.as_ref().map_or(stages, PartSearch::check);
        // Every trial and the terms are a pullback, and comparisons are products with all terms.
        let passes = search.as_ref().map_or(1, |search| 1 + search.trials());
        let compared = search
            .as_ref()
            .map_or(0, |search| search.trials() * search.state.chosen.len() + terms.points);
        let points_per_part = points_per_part(&terms, batch, parts);
        let network = extractor.network();
        // The bytes of all rows of a point, linear and negative, with this many features.
        let groups = extractor.per_point() + 1;
        let rows = |features: usize| (groups * features * terms.precision.bytes()) as u64;
        let multiplications = network.nodes().iter().map(|node| node.multiplications());
        let per_point = 2 * (1 + groups) * multiplications.sum::<usize>();
        let (points, most) = (terms.points as u64, *points_per_part.end());
        // A shard is written while the next one is filled.
        let in_shards = 2 * rows(terms.features()) * terms.shard_points.min(most) as u64;
        Ok(Self {
            points: terms.points,
            shards: terms.shard_count(),
            batch: batch.points(),
            batches: batch.of_all(&terms).len(),
            stages,
            points_per_part,
            operations: (per_point * passes + 2 * groups * terms.features() * compared) as f64
                * terms.points as f64,
            bytes: (rows(terms.features()) + rows(1) + INDICES) * points,
            row_bytes: if stages == 0 { 0 } else { row_bytes(extractor) * points },
            memory: in_batches(extractor, batch.points().min(most)) + in_shards,
        })
    }
}

/// Bytes per point of the index, the label and the predicted class in a shard.
const INDICES: u64 = 3 * size_of::<i64>() as u64;

/// Bytes of the rows of a point between two stages, at most.
pub(super) fn row_bytes(extractor: &Extractor) -> u64 {
    let network = extractor.network();
    let numbers = (extractor.per_point() + 1) * network.widest();
    (numbers * network.target().precision().bytes()) as u64
}

/// Smallest and largest number of points of a part.
fn points_per_part(terms: &TermsHeader, batch: BatchSize, parts: usize) -> RangeInclusive<usize> {
    let points = |pieces: &Vec<ShardPiece>| pieces.iter().map(|piece| piece.points().len()).sum();
    let of_parts: Vec<usize> = pieces_of_all(parts, terms, batch).iter().map(points).collect();
    let least = of_parts.iter().copied().min().unwrap_or(0);
    least..=of_parts.into_iter().max().unwrap_or(0)
}

/// Bytes of the network, and of the batches that all workers process at once: the recorded pieces,
/// and the rows before and after an operation and while it computes.
fn in_batches(extractor: &Extractor, batch: usize) -> u64 {
    let network = extractor.network();
    let per_point = network.units() + 3 * (extractor.per_point() + 1) * network.widest();
    let numbers = network.parameters() + extractor.workers().len() * batch * per_point;
    (numbers * network.target().precision().bytes()) as u64
}

/// Number of stages in which parts find the shifts of an extractor: the number of maxima of its
/// network plus 1, or 0 if the shifts are known.
pub(super) fn stages_of(extractor: &Extractor) -> usize {
    match extractor.shifts() {
        Some(_) => 0,
        None => PartPullback::stage_count(extractor.network()),
    }
}
