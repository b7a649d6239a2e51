//! A shard that is joined from pieces.

use std::path::Path;

use tropex_files::sha256;

use super::folder::PartFolder;
use super::piece_record::PieceRecord;
use crate::Error;
use crate::part_number::PartNumber;
use crate::store::{ShardEntry, ShardWriter, TermsHeader, shard_name};

/// A piece of a shard in the folder of a part.
#[derive(Debug)]
pub(super) struct PartPiece {
    pub(super) part: PartNumber,
    pub(super) folder: PartFolder,
    pub(super) record: PieceRecord,
}

impl PartPiece {
    fn damaged(&self) -> Error {
        Error::DamagedPart { path: self.record.path(&self.folder), part: self.part }
    }
}

/// Publishes a shard of a store from its pieces, in the order of their points.
///
/// # Errors
/// A damaged or missing file of a piece; a file that cannot be read or written.
pub(super) fn publish_shard(
    store: &Path,
    terms: &TermsHeader,
    number: usize,
    pieces: &[PartPiece],
) -> Result<ShardEntry, Error> {
    match pieces {
        [whole] => {
            if !whole.record.is_intact(&whole.folder)? {
                return Err(whole.damaged());
            }
            let path = store.join(shard_name(number));
            tropex_files::link_or_copy(&whole.record.path(&whole.folder), &path)
                .map_err(Error::io("write", &path))?;
            Ok(ShardEntry { file: shard_name(number), ..whole.record.entry.clone() })
        }
        pieces => join(store, terms, number, pieces),
    }
}

fn join(
    store: &Path,
    terms: &TermsHeader,
    number: usize,
    pieces: &[PartPiece],
) -> Result<ShardEntry, Error> {
    let span = terms.span(number);
    let mut shard = ShardWriter::new(terms, span.len());
    shard.begin(span.start);
    for piece in pieces {
        let entry = &piece.record.entry;
        let content = tropex_files::read(&piece.record.path(&piece.folder));
        let content = content.map_err(|_| piece.damaged())?;
        let is_whole = sha256(&content) == entry.sha256;
        if !(is_whole && shard.append_shard(&content, &entry.check)) {
            return Err(piece.damaged());
        }
    }
    shard.write(store, number)
}
