//! Temporary files and locks of this process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, MutexGuard, PoisonError};

static OWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn own() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A registered temporary file or lock of this process.
#[derive(Debug)]
pub(crate) struct OwnFile(PathBuf);

impl OwnFile {
    pub(crate) fn new(path: &Path) -> Self {
        let path = absolute(path).unwrap_or_else(|_| path.to_owned());
        own().insert(path.clone());
        Self(path)
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        own().remove(&self.0);
    }
}

/// Removes the temporary files and locks of this process, which has to end right after. For signal
/// handlers, which end a process without running destructors.
pub fn remove_own_files() {
    for path in own().iter() {
        let _ = fs::remove_file(path); // the next writer removes what is left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_registered_while_they_are_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["one", "two"].map(|name| folder.path().join(name));
        let _one = OwnFile::new(&paths[0]);
        drop(OwnFile::new(&paths[1]));
        assert_eq!(paths.map(|path| own().contains(&path)), [true, false]);
    }
}
