//! Rows of a part between two stages, one file per batch.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use super::record_file::{self, Record};
use crate::Error;
use crate::gauge::tight::WaitingRows;

/// Rows after a stage. Every process that works on a part writes to a folder of its own, which the
/// file of the stage names.
pub(super) struct RowFolder {
    /// The folder with the rows after the last stage, if any.
    from: Option<PathBuf>,
    /// The folder for the rows after the next stage. Unless it is kept, it is removed with its
    /// content.
    to: TempDir,
}

impl RowFolder {
    /// A new folder for the rows after a stage, in the folder of a part.
    pub(super) fn create(part: &Path, stage: usize, from: Option<PathBuf>) -> Result<Self, Error> {
        let prefix = format!("rows-{stage}-");
        let to = Builder::new().prefix(&prefix).tempdir_in(part);
        Ok(Self { from, to: to.map_err(Error::io("create a folder in", part))? })
    }

    /// Name of the folder for the rows after the next stage.
    pub(super) fn name(&self) -> String {
        let name = self.to.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Keeps the folder.
    pub(super) fn keep(self) {
        let _ = self.to.keep();
    }
}

impl WaitingRows for RowFolder {
    fn read(&self, first: usize) -> Option<Vec<u8>> {
        rows_of(self.from.as_deref()?, first)
    }

    fn write(&self, first: usize, rows: Vec<u8>) -> Result<(), Error> {
        let path = file(self.to.path(), first);
        let content = record_file::encode(&path, &(), &rows)?;
        // The folder counts only once the file of the stage names it, and every file has its
        // checksum: nothing needs to be complete or on the disk before.
        fs::write(&path, content).map_err(Error::io("write", &path))
    }
}

/// The rows of the batch whose first point is `first`; `None` if they are lost or damaged.
pub(super) fn rows_of(folder: &Path, first: usize) -> Option<Vec<u8>> {
    match record_file::read::<()>(&file(folder, first)) {
        Ok(Record::Intact((), rows)) => Some(rows),
        _ => None,
    }
}

fn file(folder: &Path, first: usize) -> PathBuf {
    folder.join(format!("{first:09}.rows"))
}
