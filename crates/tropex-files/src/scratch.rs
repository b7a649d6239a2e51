//! Temporary folders.

use std::io;
use std::path::Path;

use tempfile::{Builder, TempDir};

use crate::FolderLock;
use crate::atomic_write::{PREFIX, RANDOM, SUFFIX};

/// A temporary folder. It is removed with its content when this value is dropped, or by
/// [`remove_leftovers`](crate::remove_leftovers) if the process was killed.
#[derive(Debug)]
pub struct ScratchFolder {
    // Dropped before the folder is removed.
    _lock: FolderLock,
    folder: TempDir,
}

impl ScratchFolder {
    /// Creates a temporary folder in `parent`.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn within(parent: &Path) -> io::Result<Self> {
        loop {
            let mut builder = Builder::new();
            builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
            let folder = builder.tempdir_in(parent)?;
            match FolderLock::acquire(folder.path()) {
                Ok(lock) => return Ok(Self { _lock: lock, folder }),
                // Another process removed the folder as a leftover before it was locked.
                Err(_) if !folder.path().exists() => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_scratch_folder_is_removed_with_its_content() {
        let parent = tempfile::tempdir().unwrap();
        let folder = ScratchFolder::within(parent.path()).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists() && parent.path().exists());
        assert!(ScratchFolder::within(&path).is_err());
    }
}
