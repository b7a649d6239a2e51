//! What killed processes leave behind.

use std::fs::{self, File};
use std::path::Path;

use crate::replace::is_temporary;

/// Removes temporary files in a folder whose writers are gone. Files of processes that still write
/// are locked, and stay. Where locks are not supported, everything stays: leftovers do no harm.
pub fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_temporary(&entry.file_name()) && is_abandoned(&path) {
            let _ = fs::remove_file(&path); // it does no harm where it stays
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    is_file && File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replace::temporary_beside;

    #[test]
    fn abandoned_files_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let written = temporary_beside(&folder.path().join("a.json")).unwrap();
        let abandoned = folder.path().join(".tropex-0123456789abcdef.tmp");
        fs::write(&abandoned, "").unwrap();
        for name in [".other.tmp", "config.json", ".tropex-0123456789abcdef", ".tropex-x.tmp"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join(".tropex-0123456789abcdeg.tmp")).unwrap();
        remove_leftovers(folder.path());
        remove_leftovers(&folder.path().join("missing"));
        assert!(!abandoned.exists());
        assert!(written.path().exists(), "its writer is alive");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
    }
}
