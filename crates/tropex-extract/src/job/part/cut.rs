//! The division of the batches of an extraction into parts.

use std::ops::Range;

use crate::job::batch_size::BatchSize;
use crate::job::shard_extraction::ShardPiece;
use crate::part_number::PartNumber;
use crate::store::TermsHeader;

/// The batches of a part, by shard. Parts are cut between batches, because the terms of a point
/// depend on its batch by rounding. The numbers of batches of two parts differ by at most 1; with
/// more parts than batches, some parts are empty.
pub(super) fn pieces_of(
    part: PartNumber,
    terms: &TermsHeader,
    batch: BatchSize,
) -> Vec<ShardPiece> {
    cut(part, &batches_of(terms, batch))
}

/// The batches of all parts, by shard, in the order of the parts.
pub(super) fn pieces_of_all(
    parts: usize,
    terms: &TermsHeader,
    batch: BatchSize,
) -> Vec<Vec<ShardPiece>> {
    let batches = batches_of(terms, batch);
    PartNumber::all(parts).map(|part| cut(part, &batches)).collect()
}

/// All batches with their shards.
fn batches_of(terms: &TermsHeader, batch: BatchSize) -> Vec<(usize, Range<usize>)> {
    let of_shard = |shard| batch.in_shard(terms.span(shard)).into_iter().map(move |b| (shard, b));
    (0..terms.shard_count()).flat_map(of_shard).collect()
}

fn cut(part: PartNumber, batches: &[(usize, Range<usize>)]) -> Vec<ShardPiece> {
    let end = |parts: usize| batches.len() * parts / part.of();
    let mut pieces: Vec<ShardPiece> = Vec::new();
    for (shard, batch) in &batches[end(part.number() - 1)..end(part.number())] {
        match pieces.last_mut().filter(|piece| piece.shard == *shard) {
            Some(piece) => piece.batches.push(batch.clone()),
            None => pieces.push(ShardPiece { shard: *shard, batches: vec![batch.clone()] }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Classes, Gauge, Precision};

    fn terms(points: usize, shard_points: usize) -> TermsHeader {
        TermsHeader {
            network: String::new(),
            source: String::new(),
            subset: None,
            gauge: Gauge::WorstCase,
            shifts: None,
            precision: Precision::F32,
            classes: Classes::Predicted,
            class_count: 2,
            input_shape: vec![1],
            points,
            shard_points,
        }
    }

    proptest! {
        #[test]
        fn parts_hold_every_batch_once_in_order(
            points in 1..300_usize,
            shard_points in 1..100_usize,
            batch in 1..40_usize,
            parts in 1..12_usize,
        ) {
            let (terms, batch) = (terms(points, shard_points), BatchSize::of_points(batch));
            let one = pieces_of(PartNumber::new(parts, parts).unwrap(), &terms, batch);
            let parts = pieces_of_all(parts, &terms, batch);
            prop_assert_eq!(parts.last(), Some(&one));
            let pieces = || parts.iter().flatten();
            let batches: Vec<_> = pieces().flat_map(|piece| piece.batches.clone()).collect();
            prop_assert_eq!(batches, batch.of_all(&terms));
            for piece in pieces() {
                let (points, shard) = (piece.points(), terms.span(piece.shard));
                prop_assert!(shard.start <= points.start && points.end <= shard.end);
            }
            let count = |part: &Vec<ShardPiece>| {
                part.iter().map(|piece| piece.batches.len()).sum::<usize>()
            };
            let (least, most) = (parts.iter().map(count).min(), parts.iter().map(count).max());
            prop_assert!(most.unwrap() - least.unwrap() <= 1);
        }
    }
}
