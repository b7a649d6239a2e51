//! Terms on disk: a folder with a manifest and shards. A store may be larger than memory.
//!
//! Shards are safetensors files. The manifest lists them with their checksums. It is written after
//! the shards, so that every listed file is complete.

mod cleanup;
mod content;
pub(crate) mod files;
mod header;
mod layout;
mod manifest;
mod shard;
mod shard_tensors;
mod shard_writer;
mod shards;
pub(crate) mod shifts;
mod tensor_reader;

use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use tropex_files::LockError;

use crate::gauge::Shifts;
use crate::terms::TermTable;
use crate::{ComputeTarget, Error, Extractor, Network};
use content::require_length;
use shards::Shards;

pub(crate) use cleanup::remove_all_but;
pub use files::{MANIFEST, stays_remote};
pub(crate) use files::{piece_name, shard_name};
pub use header::TermsHeader;
pub(crate) use manifest::written_by;
pub use manifest::{Manifest, ShardEntry, ShiftsEntry};
pub(crate) use shard::ShardFile;
pub(crate) use shard_writer::ShardWriter;

/// Size up to which a shard file is read into memory, in bytes.
pub(crate) const IN_MEMORY: u64 = 128 << 20;

/// A finished extraction in a folder.
#[derive(Clone, Debug)]
pub struct TermStore {
    folder: PathBuf,
    manifest: Manifest,
}

impl TermStore {
    /// Opens a store. Checks the manifest and the length of every shard. The checksum of a shard is
    /// checked when it is read.
    ///
    /// # Errors
    /// A missing, damaged, unfinished or foreign manifest; a missing or truncated shard; a folder
    /// that another process writes to, unless the store in it is complete.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_whole(folder).map_err(|error| cause_of(error, folder, None))
    }

    /// A store whose extraction is in progress.
    pub(crate) fn unfinished(folder: &Path, manifest: &Manifest) -> Self {
        Self { folder: folder.to_owned(), manifest: manifest.clone() }
    }

    fn open_whole(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(MANIFEST);
        let manifest = Manifest::read(&path)?;
        if manifest.check.is_none() {
            let reason = "the extraction is not finished; run the same extraction again to resume";
            return Err(Error::store(&path, reason));
        }
        let store = Self { folder: folder.to_owned(), manifest };
        let shards = store.manifest.shards.iter().map(|entry| (&entry.file, entry.bytes));
        let shifts = store.manifest.shifts.iter().map(|entry| (&entry.file, entry.bytes));
        shards.chain(shifts).try_for_each(|(file, bytes)| store.check_length(file, bytes))?;
        Ok(store)
    }

    /// The manifest of the store.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of points in the store.
    #[allow(clippy::len_without_is_empty)] // an extraction has at least one point
    pub fn len(&self) -> usize {
        self.manifest.terms.points
    }

    /// Reads the shards one by one. A file larger than 128 MiB is returned as several tables, so
    /// that memory holds at most 128 MiB.
    ///
    /// # Errors
    /// Every shard that is missing, damaged or different from its entry in the manifest; terms that
    /// another process replaces during the iteration.
    pub fn shards(&self) -> impl Iterator<Item = Result<TermTable, Error>> {
        self.shards_in_pieces(IN_MEMORY)
    }

    /// Like [`TermStore::shards`], without the shards that have no point at these positions.
    ///
    /// # Errors
    /// Those of [`TermStore::shards`].
    pub fn shards_at(
        &self,
        positions: Range<usize>,
    ) -> impl Iterator<Item = Result<TermTable, Error>> {
        self.shards_of(Shards::new(&self.folder, &self.manifest, IN_MEMORY).at(positions))
    }

    fn shards_in_pieces(
        &self,
        bytes: u64,
    ) -> impl Iterator<Item = Result<TermTable, Error>> + Send {
        self.shards_of(Shards::new(&self.folder, &self.manifest, bytes))
    }

    fn shards_of<'a>(
        &'a self,
        shards: Shards<'a>,
    ) -> impl Iterator<Item = Result<TermTable, Error>> + Send {
        shards
            .map(|shard| shard.map_err(|error| cause_of(error, &self.folder, Some(&self.manifest))))
    }

    /// Calls `work` with every shard and reads the next shard meanwhile.
    ///
    /// # Errors
    /// The errors of [`TermStore::shards`], after `work` was called with the shards before the
    /// error.
    pub(crate) fn visit(
        &self,
        mut work: impl FnMut(&TermTable) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut shards = self.shards_in_pieces(IN_MEMORY);
        let mut next = shards.next();
        while let Some(shard) = next.transpose()? {
            next = thread::scope(|scope| {
                let reader = scope.spawn(|| shards.next());
                let worked = work(&shard);
                let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
                worked.map(|()| read)
            })?;
        }
        Ok(())
    }

    /// The shifts of the terms, on the device of the network. [`Extractor::with_shifts`] extracts
    /// terms of other points under them.
    ///
    /// # Errors
    /// A store of the worst-case gauge, which has no file of shifts; a store of another network; a
    /// missing or damaged file.
    pub fn shifts(&self, network: &Network) -> Result<Shifts, Error> {
        let (path, terms) = (self.folder.join(MANIFEST), &self.manifest.terms);
        let Some(entry) = &self.manifest.shifts else {
            let reason = format!("terms of the {} gauge have no shifts of", terms.gauge.name());
            return Err(Error::store(&path, reason + " their own"));
        };
        let target = ComputeTarget::new(network.target().device(), terms.precision)?;
        let extractor = Extractor::new(&network.to_target(&target), terms.gauge, terms.classes)?;
        if extractor.fingerprint() != terms.network {
            let reason = "holds shifts of another network; extract its terms again";
            return Err(Error::store(&path, reason));
        }
        shifts::read(&self.folder, entry, terms, network)
            .map_err(|error| cause_of(error, &self.folder, Some(&self.manifest)))
    }

    fn check_length(&self, file: &str, bytes: u64) -> Result<(), Error> {
        let path = self.folder.join(file);
        let found = tropex_files::length(&path).map_err(Error::io("read", &path))?;
        require_length(&path, found, bytes)
    }
}

/// Replaces a read error by its cause, if another process holds or has replaced the store.
pub(crate) fn cause_of(error: Error, folder: &Path, manifest: Option<&Manifest>) -> Error {
    let replaced = || match (manifest, Manifest::find(folder)) {
        (Some(manifest), Ok(Some(found))) => *manifest != found,
        (Some(_), Ok(None)) => true,
        _ => false,
    };
    match tropex_files::holder(folder) {
        Some(holder) if holder.process == Some(std::process::id()) => error,
        Some(holder) => LockError::Held { folder: folder.to_owned(), holder }.into(),
        None if replaced() => {
            let reason = "the terms were replaced while they were read; run the command again";
            Error::store(folder, reason)
        }
        None => error,
    }
}
