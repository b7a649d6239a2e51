//! The entry of the terms of a shard, or of a piece of it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tropex_files::{is_absent, sha256_of};

use super::folder::PartFolder;
use super::record_file::{self, Record};
use crate::Error;
use crate::job::shard_extraction::ShardPiece;
use crate::store::ShardEntry;

/// The entry of a file of terms in the folder of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PieceRecord {
    /// Key of the settings of the extraction.
    pub(super) key: String,
    /// Fingerprint of the shifts, if the store holds shifts.
    pub(super) shifts: Option<String>,
    /// Position of the first point.
    pub(super) first: usize,
    /// The devices that extracted the terms, by their names in Burn.
    pub(super) devices: Vec<String>,
    /// The file.
    pub(super) entry: ShardEntry,
}

impl PieceRecord {
    /// The record of a piece in the folder of a part; `None` if there is none for this piece with
    /// this key.
    pub(super) fn find(
        folder: &PartFolder,
        piece: &ShardPiece,
        key: &str,
    ) -> Result<Option<Self>, Error> {
        Ok(match record_file::read::<Self>(&folder.shard(piece.shard))? {
            Record::Intact(record, _) if record.belongs_to(piece, key) => Some(record),
            _ => None,
        })
    }

    fn belongs_to(&self, piece: &ShardPiece, key: &str) -> bool {
        let points = piece.points();
        let is_name = Path::new(&self.entry.file).file_name() == Some(self.entry.file.as_ref());
        is_name
            && self.key == key
            && self.first == points.start
            && self.entry.points == points.len()
    }

    /// The path of the file of terms.
    pub(super) fn path(&self, folder: &PartFolder) -> PathBuf {
        folder.path().join(&self.entry.file)
    }

    /// Whether the file of terms exists and is the one that was written.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(super) fn is_intact(&self, folder: &PartFolder) -> Result<bool, Error> {
        let path = self.path(folder);
        let failed = || Error::io("read", &path);
        let file = match tropex_files::open(&path) {
            Err(error) if is_absent(&error) => return Ok(false),
            file => file.map_err(failed())?,
        };
        if file.metadata().map_err(failed())?.len() != self.entry.bytes {
            return Ok(false);
        }
        Ok(sha256_of(file).map_err(failed())? == self.entry.sha256)
    }
}
