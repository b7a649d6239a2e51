//! Access to the folder of a run.

use std::fs;
use std::path::Path;

use tropex_files::remove_leftovers;

use super::error::RunError;
use crate::checkpoint;

/// Removes temporary files of killed processes.
pub(super) fn clear(run: &Path) {
    remove_leftovers(run);
    remove_leftovers(&checkpoint::folder(run));
}

pub(super) fn make_folder(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(|error| RunError::io("create folder", path, error))
}

/// Refuses a folder with files other than hidden ones.
pub(super) fn require_empty(path: &Path) -> Result<(), RunError> {
    match file_names(path)?.into_iter().find(|name| !name.starts_with('.')) {
        Some(file) => Err(RunError::NotEmpty { path: path.into(), file }),
        None => Ok(()),
    }
}

pub(super) fn file_names(folder: &Path) -> Result<Vec<String>, RunError> {
    fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
        })
        .map_err(|error| RunError::io("read folder", folder, error))
}
