//! Files of a store: whole or not there at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;

use super::MANIFEST;
use super::manifest::Manifest;

/// Name of the file of shifts.
pub(super) const SHIFTS: &str = "shifts.safetensors";

/// Name of the file of what is known of the scale, as long as an extraction is not finished.
pub(super) const SEARCH: &str = "search.json";

/// Name of the shard with a number.
pub(super) fn shard_name(number: usize) -> String {
    format!("shard-{number:05}.safetensors")
}

/// Writes a file [atomically].
pub(super) fn write_atomically(path: &Path, content: &[u8]) -> Result<(), Error> {
    atomically(path, |temporary| fs::write(temporary, content))
}

/// Has a file written under a temporary name, makes it durable and renames it.
///
/// A reader, or a crash at any moment, sees the old file or the new one, never a part.
pub(super) fn atomically(
    path: &Path,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.tmp"));
    let durable = || File::options().write(true).open(&temporary)?.sync_all();
    let written = write(&temporary).and_then(|()| durable());
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|source| {
        let _ = fs::remove_file(&temporary); // the first error is the one to report
        Error::io("write", path)(source)
    })
}

/// Removes the files of a store but for those that a manifest lists, and for itself if it lists any:
/// those of an earlier extraction, and what a killed one was writing. Other files stay.
pub(super) fn remove_all_but(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    let (shards, shifts) = (manifest.shards.len(), manifest.shifts.is_some());
    for path in own_files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_kept = match shard_number(&name) {
            Some(number) => number < shards,
            None if name == SEARCH => manifest.check.is_none(),
            None => (name == MANIFEST && (shards > 0 || shifts)) || (name == SHIFTS && shifts),
        };
        if !is_kept {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// The files in a folder that a store writes, finished and temporary ones.
fn own_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = || Error::io("read", folder);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let temporary = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
        let finished = temporary.unwrap_or(&name);
        if [MANIFEST, SHIFTS, SEARCH].contains(&finished) || shard_number(finished).is_some() {
            paths.push(entry.path());
        }
    }
    // The manifest first: without it the rest is no store.
    paths.sort_by_key(|path| !path.ends_with(MANIFEST));
    Ok(paths)
}

fn shard_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix("shard-")?.strip_suffix(".safetensors")?.parse().ok()?;
    (shard_name(number) == name).then_some(number)
}
