//! Removal of the files of an earlier extraction.

use std::path::{Path, PathBuf};

use super::MANIFEST;
use super::files::{SEARCH, SHIFTS, shard_number};
use super::manifest::Manifest;
use crate::Error;

/// Removes the files of an earlier extraction: every file of a store that the manifest does not
/// list. The manifest is removed too if it lists nothing. Other files stay.
pub(crate) fn remove_all_but(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    let (shards, shifts) = (manifest.shards.len(), manifest.shifts.is_some());
    for path in own_files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_kept = match shard_number(&name) {
            Some(number) => number < shards,
            None if name == SEARCH => manifest.check.is_none(),
            None => (name == MANIFEST && (shards > 0 || shifts)) || (name == SHIFTS && shifts),
        };
        if !is_kept {
            tropex_files::remove(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

/// The files in a folder that belong to a store.
fn own_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_own = |name: &String| {
        [MANIFEST, SHIFTS, SEARCH].contains(&name.as_str()) || shard_number(name).is_some()
    };
    let names = tropex_files::entries(folder).map_err(Error::io("read", folder))?;
    let mut paths: Vec<PathBuf> =
        names.iter().filter(|name| is_own(name)).map(|name| folder.join(name)).collect();
    // The manifest first: without it, the other files are not a store.
    paths.sort_by_key(|path| !path.ends_with(MANIFEST));
    Ok(paths)
}
