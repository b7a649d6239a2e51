//! The folders of parts.

use std::path::{Path, PathBuf};

use tropex_files::is_absent;

use super::stage_name::StageName;
use crate::Error;
use crate::part_number::PartNumber;

/// Beginning of the name of the folder of all parts; the number of parts follows.
const ALL: &str = "parts-of-";

/// The folder of all parts of an extraction into `store`.
pub(super) fn folder_of_all(store: &Path, of: usize) -> PathBuf {
    store.join(format!("{ALL}{of}"))
}

/// The file with the result of all parts after a stage.
pub(super) fn reduced_stage(store: &Path, of: usize, stage: StageName) -> PathBuf {
    folder_of_all(store, of).join(stage.file())
}

/// The folder of one part of an extraction into `store`.
#[derive(Clone, Debug)]
pub(super) struct PartFolder(PathBuf);

impl PartFolder {
    pub(super) fn new(store: &Path, part: PartNumber) -> Self {
        Self(folder_of_all(store, part.of()).join(format!("part-{}", part.number())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the settings.
    pub(super) fn settings(&self) -> PathBuf {
        self.0.join("settings.part")
    }

    /// The file of the result after a stage.
    pub(super) fn stage(&self, stage: StageName) -> PathBuf {
        self.0.join(stage.file())
    }

    /// The file of the entry of a shard.
    pub(super) fn shard(&self, shard: usize) -> PathBuf {
        self.0.join(format!("shard-{shard:05}.part"))
    }
}

/// The numbers of parts for which a store has a folder, in ascending order.
pub(super) fn numbers_of_parts(store: &Path) -> Result<Vec<usize>, Error> {
    let entries = match tropex_files::entries(store) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("read", store))?,
    };
    let number = |name: &str| name.strip_prefix(ALL)?.parse().ok().filter(|&of: &usize| of > 0);
    let mut numbers: Vec<usize> = entries.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes the folders of all parts of a store.
pub(super) fn remove_all_parts(store: &Path) -> Result<(), Error> {
    for of in numbers_of_parts(store)? {
        remove_folder(&folder_of_all(store, of))?;
    }
    Ok(())
}

/// Removes a folder with its content, if it exists.
pub(super) fn remove_folder(folder: &Path) -> Result<(), Error> {
    tropex_files::remove_folder(folder).map_err(Error::io("remove", folder))
}
