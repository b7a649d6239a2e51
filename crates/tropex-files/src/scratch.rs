//! Folders for what is needed for a moment.

use std::io;
use std::path::Path;

use tempfile::{Builder, TempDir};

use crate::FolderLock;
use crate::replace::{PREFIX, RANDOM, SUFFIX};

/// A folder that is removed with all that is in it: when this is dropped, or by
/// [`remove_leftovers`](crate::remove_leftovers) if the process was killed.
#[derive(Debug)]
pub struct ScratchFolder {
    // Given back before the folder is removed.
    _lock: FolderLock,
    folder: TempDir,
}

impl ScratchFolder {
    /// A new folder in another one.
    ///
    /// # Errors
    /// Whatever hinders making it.
    pub fn within(parent: &Path) -> io::Result<Self> {
        loop {
            let mut builder = Builder::new();
            builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
            let folder = builder.tempdir_in(parent)?;
            match FolderLock::acquire(folder.path()) {
                Ok(lock) => return Ok(Self { _lock: lock, folder }),
                // Whoever clears leftovers saw the folder before it was locked.
                Err(_) if !folder.path().exists() => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_is_gone_with_its_content() {
        let parent = tempfile::tempdir().unwrap();
        let folder = ScratchFolder::within(parent.path()).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists() && parent.path().exists());
        assert!(ScratchFolder::within(&path).is_err());
    }
}
