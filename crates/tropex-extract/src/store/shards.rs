//! Iteration over the shards of a store.

use std::ops::Range;
use std::path::Path;
use std::slice;

use super::header::TermsHeader;
use super::manifest::{Manifest, ShardEntry};
use super::shard::ShardFile;
use crate::Error;
use crate::terms::TermTable;

/// Reads the shards of a store one by one.
pub(crate) struct Shards<'a> {
    folder: &'a Path,
    terms: &'a TermsHeader,
    entries: slice::Iter<'a, ShardEntry>,
    /// Position of the first point of the next file.
    first: usize,
    /// The file in progress.
    file: Option<ShardFile<'a>>,
    in_memory: u64,
    /// Positions of the points whose files are read.
    wanted: Range<usize>,
}

impl<'a> Shards<'a> {
    /// Files of more than `in_memory` bytes are read in pieces of about `in_memory` bytes.
    pub(crate) fn new(folder: &'a Path, manifest: &'a Manifest, in_memory: u64) -> Self {
        let (terms, entries) = (&manifest.terms, manifest.shards.iter());
        let wanted = 0..usize::MAX;
        Self { folder, terms, entries, first: 0, file: None, in_memory, wanted }
    }

    /// Leaves out files without a point at these positions.
    pub(crate) fn at(self, wanted: Range<usize>) -> Self {
        Self { wanted, ..self }
    }
}

impl Iterator for Shards<'_> {
    type Item = Result<TermTable, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(piece) = self.file.as_mut().and_then(Iterator::next) {
                return Some(piece);
            }
            self.file = None;
            let entry = self.entries.next()?;
            let first = self.first;
            self.first += entry.points;
            if self.first <= self.wanted.start || self.wanted.end <= first {
                continue;
            }
            let file = ShardFile::open(self.folder, entry, self.terms, first, self.in_memory);
            match file {
                Ok(file) => self.file = Some(file),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
