//! Extraction of the terms of whole shards and of pieces of shards.

use std::ops::{ControlFlow, Range};

use tropex_kernels::{Cancelled, WorkerPool};

use crate::store::{ShardWriter, TermsHeader};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Extractor, PointSource};

/// Consecutive batches of one shard: the whole shard, or a piece of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShardPiece {
    /// Number of the shard.
    pub(super) shard: usize,
    /// The batches, at least one.
    pub(super) batches: Vec<Range<usize>>,
}

impl ShardPiece {
    /// Positions of the points.
    pub(super) fn points(&self) -> Range<usize> {
        let first = self.batches.first().map_or(0, |batch| batch.start);
        first..self.batches.last().map_or(first, |batch| batch.end)
    }
}

/// Computes the terms and the self-check of a batch on the device of an extractor.
pub(super) type TermsOf<'a> =
    dyn Fn(&Extractor, Range<usize>) -> Result<(Terms, SelfCheck), Error> + Sync + 'a;

/// An extraction of pieces of shards on all devices of an extractor.
pub(super) struct ShardExtraction<'a> {
    pub(super) extractor: &'a Extractor,
    pub(super) source: &'a dyn PointSource,
    pub(super) terms: &'a TermsHeader,
    pub(super) terms_of: &'a TermsOf<'a>,
}

impl ShardExtraction<'_> {
    /// Extracts pieces one after the other. `on_batch` receives the number of points of every
    /// batch and may cancel the work, `on_piece` receives the terms of every complete piece.
    pub(super) fn run(
        &self,
        pieces: &[ShardPiece],
        mut on_batch: impl FnMut(usize) -> ControlFlow<()>,
        mut on_piece: impl FnMut(&ShardPiece, &ShardWriter<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let longest = pieces.iter().map(|piece| piece.points().len()).max().unwrap_or(0);
        let jobs = pieces.iter().enumerate().flat_map(|(number, piece)| {
            piece.batches.iter().map(move |batch| (number, batch.clone()))
        });
        let work = |extractor: &&Extractor, (number, batch): (usize, Range<usize>)| {
            let terms = || (self.terms_of)(extractor, batch);
            Ok((number, extractor.spec().on_batch(terms)?))
        };
        let (mut open, mut shard) = (None, ShardWriter::new(self.terms, longest));
        let take = |(number, (batch, check)): (usize, (Terms, SelfCheck))| {
            let piece: &ShardPiece = &pieces[number];
            if open != Some(number) {
                open = Some(number);
                shard.begin(piece.points().start);
            }
            shard.append(&batch, &check, self.source);
            Cancelled::check(on_batch(batch.len()))?;
            if shard.points() < piece.points().len() {
                return Ok(());
            }
            on_piece(piece, &shard)
        };
        // Results of up to one piece may wait for a slow batch.
        let waiting = pieces.iter().map(|piece| piece.batches.len()).max().unwrap_or(0);
        let workers = self.extractor.workers();
        WorkerPool { workers: &workers, waiting }.run(jobs, work, take)
    }
}
