//! Names of the files of a store.

use std::path::Path;

use crate::Error;

/// Name of the manifest file in the folder of a store.
pub const MANIFEST: &str = "manifest.json";

/// Name of the file of shifts.
pub(crate) const SHIFTS: &str = "shifts.safetensors";

/// Name of the file with the state of the calibrated search, present until the extraction is
/// finished.
pub(crate) const SEARCH: &str = "search.json";

/// Name of the shard with the given number.
pub(crate) fn shard_name(number: usize) -> String {
    format!("shard-{number:05}.safetensors")
}

/// Name of a piece of the shard with the given number, with the given checksum: different contents
/// have different names.
pub(crate) fn piece_name(number: usize, checksum: &str) -> String {
    format!("shard-{number:05}.{}.safetensors", checksum.get(..16).unwrap_or(checksum))
}

/// Whether a file of a run is left where the run is kept, if that is an object store, and is read
/// from there: files of terms, and rows between two stages. `name` is its path in the run.
pub fn stays_remote(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.ends_with(".rows") || file.starts_with("shard-") && file.ends_with(".safetensors")
}

/// Writes a file atomically.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    tropex_files::replace(path, content).map_err(Error::io("write", path))
}

/// Number of the shard with the given name; `None` for other files.
pub(super) fn shard_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix("shard-")?.strip_suffix(".safetensors")?.parse().ok()?;
    (shard_name(number) == name).then_some(number)
}
