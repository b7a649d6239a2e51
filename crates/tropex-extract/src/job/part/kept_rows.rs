//! Rows of a part between two stages: one file per batch, or in memory.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use super::folder::remove_folder;
use super::memory_rows::MemoryRows;
use super::row_sum::row_sum;
use super::stage_name::StageName;
use crate::Error;
use crate::gauge::tight::{WaitingBatch, WaitingRows};

/// The rows of a part after a stage. Lost rows are computed again from the points.
#[derive(Default)]
pub(super) enum KeptRows {
    /// They were not kept.
    #[default]
    Lost,
    /// In the files of a folder.
    Folder(PathBuf),
    /// In memory.
    Memory(MemoryRows),
}

impl KeptRows {
    /// The rows in a folder of a part; lost without a name.
    pub(super) fn named(part: &Path, name: &str) -> Self {
        match name {
            "" => Self::Lost,
            name => Self::Folder(part.join(name)),
        }
    }

    /// The rows of the batch whose first point is `first`; `None` if they are lost or damaged. Rows
    /// in memory are taken out.
    pub(super) fn take(&self, first: usize) -> Option<WaitingBatch> {
        match self {
            Self::Lost => None,
            Self::Folder(folder) => read(&file(folder, first)).map(WaitingBatch::Bytes),
            Self::Memory(rows) => rows.take(first),
        }
    }

    /// Removes the rows.
    pub(super) fn remove(self) -> Result<(), Error> {
        match self {
            Self::Folder(folder) => remove_folder(&folder),
            Self::Lost | Self::Memory(_) => Ok(()),
        }
    }
}

/// Rows on their way from one stage to the next.
pub(super) struct RowTransfer {
    from: KeptRows,
    to: RowTarget,
}

/// Where rows go.
enum RowTarget {
    /// A folder of this process, which the file of the stage names. Unless it is kept, it is
    /// removed with its content.
    Folder(TempDir),
    Memory(MemoryRows),
}

impl RowTransfer {
    /// Rows go to a new folder in the folder of a part.
    pub(super) fn to_folder(part: &Path, stage: StageName, from: KeptRows) -> Result<Self, Error> {
        let folder = Builder::new().prefix(&stage.rows()).tempdir_in(part);
        let folder = folder.map_err(Error::io("create a folder in", part))?;
        Ok(Self { from, to: RowTarget::Folder(folder) })
    }

    /// Rows stay in memory.
    pub(super) fn to_memory(from: KeptRows) -> Self {
        Self { from, to: RowTarget::Memory(MemoryRows::default()) }
    }

    /// Name of the folder for the rows; empty for memory.
    pub(super) fn name(&self) -> String {
        match &self.to {
            RowTarget::Memory(_) => String::new(),
            RowTarget::Folder(folder) => {
                let name = folder.path().file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
        }
    }

    /// The rows after the stage. Removes those before. `published` is the folder that the file of
    /// the stage names, which is another one if another process was faster.
    pub(super) fn finish(self, part: &Path, published: &str) -> Result<KeptRows, Error> {
        let is_own = self.name() == published;
        self.from.remove()?;
        Ok(match self.to {
            RowTarget::Memory(rows) => KeptRows::Memory(rows),
            RowTarget::Folder(folder) if is_own => KeptRows::Folder(folder.keep()),
            RowTarget::Folder(_) => KeptRows::named(part, published),
        })
    }
}

impl WaitingRows for RowTransfer {
    fn are_bytes(&self) -> bool {
        matches!(self.to, RowTarget::Folder(_))
    }

    fn read(&self, first: usize) -> Option<WaitingBatch> {
        self.from.take(first)
    }

    fn write(&self, first: usize, rows: WaitingBatch) -> Result<(), Error> {
        match (&self.to, rows) {
            (RowTarget::Folder(folder), WaitingBatch::Bytes(rows)) => {
                write(&file(folder.path(), first), rows)
            }
            (RowTarget::Memory(kept), rows) => {
                kept.put(first, rows);
                Ok(())
            }
            // They are computed again.
            (RowTarget::Folder(_), WaitingBatch::Tensors(_)) => Ok(()),
        }
    }
}

/// Writes rows and their checksum. The folder counts only once the file of the stage names it, and
/// every file has its checksum: nothing needs to be complete or on the disk before.
fn write(path: &Path, mut rows: Vec<u8>) -> Result<(), Error> {
    rows.extend(row_sum(&rows).to_le_bytes());
    let written = fs::write(path, rows).and_then(|()| tropex_files::publish_written(path));
    written.map_err(Error::io("write", path))
}

/// The rows in a file; `None` if it is lost or damaged.
fn read(path: &Path) -> Option<Vec<u8>> {
    let mut rows = tropex_files::read(path).ok()?;
    let sum = rows.split_off(rows.len().checked_sub(size_of::<u64>())?);
    (row_sum(&rows).to_le_bytes() == sum[..]).then_some(rows)
}

fn file(folder: &Path, first: usize) -> PathBuf {
    folder.join(format!("{first:09}.rows"))
}
