//! Terms on disk: a folder with a manifest and shards, larger than memory if need be.
//!
//! Shards are safetensors files that any tool can read. The manifest says what they hold and how
//! to tell that they are whole; it is written last, so that what it lists is complete.

mod builder;
mod content;
#[cfg(feature = "dataset")]
mod dataset;
mod estimate;
mod extraction;
mod files;
mod kept;
mod layout;
mod manifest;
mod options;
mod search;
mod shard;
mod shifts;
mod source;
mod tensor;
mod term;
mod writer;

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use tropex_files::LockError;

use crate::terms::{Extractor, Shifts};
use crate::{Error, Network, Placement};
use content::require_length;
use shard::Shards;

#[cfg(feature = "dataset")]
pub use dataset::{DatasetPoints, DatasetPointsError};
pub use estimate::Estimate;
pub use kept::Kept;
pub use manifest::{Manifest, ShardEntry, ShiftsEntry, TermsHeader};
pub use options::{ExtractOptions, Progress};
pub use shard::Shard;
pub use source::{PointSource, PointSubset};
pub use tensor::TensorPoints;
pub(crate) use term::{Reduced, Reference, Term};

/// Bytes of a file of terms that are in memory at most.
const IN_MEMORY: u64 = 128 << 20;

/// Name of the manifest in a store's folder.
pub const MANIFEST: &str = "manifest.json";

/// A finished extraction on disk.
#[derive(Clone, Debug)]
pub struct TermStore {
    folder: PathBuf,
    manifest: Manifest,
}

impl TermStore {
    /// Opens a store, checking its manifest and that every shard is there in full length. The
    /// content of a shard is checked against its checksum when it is read.
    ///
    /// # Errors
    /// A missing, damaged, unfinished or foreign manifest; missing or truncated shards; a folder
    /// that another process writes to, unless all of it is whole.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_whole(folder).map_err(|error| cause(error, folder, None))
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

    /// What the store holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of points whose terms it holds.
    #[allow(clippy::len_without_is_empty)] // an extraction has at least one point
    pub fn len(&self) -> usize {
        self.manifest.terms.points
    }

    /// Reads the shards one after the other, so that memory holds one at a time. Files larger than
    /// 128 MiB come as several shards.
    ///
    /// # Errors
    /// Each shard that is missing, damaged or not what the manifest says; terms that another process
    /// replaces meanwhile.
    pub fn shards(&self) -> impl Iterator<Item = Result<Shard, Error>> {
        self.shards_in_pieces(IN_MEMORY)
    }

    fn shards_in_pieces(&self, bytes: u64) -> impl Iterator<Item = Result<Shard, Error>> + Send {
        let shards = Shards::new(&self.folder, &self.manifest, bytes);
        shards.map(|shard| shard.map_err(|error| cause(error, &self.folder, Some(&self.manifest))))
    }

    /// Hands the shards to `work`, one after the other, and reads the next one meanwhile.
    ///
    /// # Errors
    /// As for [`TermStore::shards`]; what comes before is worked on.
    pub(crate) fn visit(&self, mut work: impl FnMut(&Shard)) -> Result<(), Error> {
        let mut shards = self.shards_in_pieces(IN_MEMORY);
        let mut next = shards.next();
        while let Some(shard) = next.transpose()? {
            next = thread::scope(|scope| {
                let reader = scope.spawn(|| shards.next());
                work(&shard);
                reader.join().unwrap_or_else(|panic| resume_unwind(panic))
            });
        }
        Ok(())
    }

    /// The shifts that the terms were extracted under, for a network placed anywhere. Terms of
    /// further points can be extracted under them, see [`Extractor::with_shifts`].
    ///
    /// # Errors
    /// A store of the worst-case gauge, whose shifts follow from the network alone; one of another
    /// network; a missing or damaged file.
    pub fn shifts(&self, network: &Network) -> Result<Shifts, Error> {
        let (path, terms) = (self.folder.join(MANIFEST), &self.manifest.terms);
        let Some(entry) = &self.manifest.shifts else {
            let reason = format!("terms of the {} gauge have no shifts of", terms.gauge.name());
            return Err(Error::store(&path, reason + " their own"));
        };
        let same = Placement::new(network.placement().device(), terms.precision)?;
        let here = Extractor::new(&network.place(&same), terms.gauge, terms.classes)?;
        if here.fingerprint() != terms.network {
            let reason = "holds shifts of another network; extract its terms again";
            return Err(Error::store(&path, reason));
        }
        shifts::read(&self.folder, entry, terms, network)
            .map_err(|error| cause(error, &self.folder, Some(&self.manifest)))
    }

    fn check_length(&self, file: &str, bytes: u64) -> Result<(), Error> {
        let path = self.folder.join(file);
        let found = fs::metadata(&path).map_err(Error::io("read", &path))?.len();
        require_length(&path, found, bytes)
    }
}

/// Why terms cannot be read: as the error says, unless another process is to blame.
fn cause(error: Error, folder: &Path, manifest: Option<&Manifest>) -> Error {
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
