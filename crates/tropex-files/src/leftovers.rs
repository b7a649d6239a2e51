//! Files that killed processes leave behind.

use std::fs::{self, File};
use std::path::Path;

use crate::atomic_write::is_temporary;
use crate::lock;

/// Removes the temporary files, scratch folders and locks of killed processes in a folder. Files of
/// running processes are locked, and stay. On file systems without locks everything stays, which
/// does no harm.
pub fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // A file that cannot be removed does no harm.
        match entry.file_type() {
            Ok(found) if found.is_file() && entry.file_name() == lock::NAME => {
                lock::remove_abandoned(folder);
            }
            Ok(_) if !is_temporary(&entry.file_name()) => {}
            Ok(found) if found.is_file() && is_abandoned(&path) => {
                let _ = fs::remove_file(path);
            }
            Ok(found) if found.is_dir() => remove_scratch(&path),
            _ => {}
        }
    }
}

fn is_abandoned(path: &Path) -> bool {
    File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Removes a scratch folder of a killed process: its lock is free, or it is empty.
fn remove_scratch(folder: &Path) {
    let lock = folder.join(lock::NAME);
    let _ = match File::open(&lock) {
        Ok(file) if file.try_lock().is_ok() => fs::remove_dir_all(folder),
        Ok(_) => Ok(()),
        Err(_) => fs::remove_dir(folder),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic_write::temporary_beside;
    use crate::{FolderLock, ScratchFolder};

    #[test]
    fn abandoned_files_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let written = temporary_beside(&folder.path().join("a.json")).unwrap();
        let abandoned = folder.path().join(".tropex-0123456789abcdef.tmp");
        fs::write(&abandoned, "").unwrap();
        for name in [".other.tmp", "config.json", ".tropex-0123456789abcdef", ".tropex-x.tmp"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let no_scratch = folder.path().join(".tropex-0123456789abcdeg.tmp");
        fs::create_dir(&no_scratch).unwrap();
        fs::write(no_scratch.join("file"), "").unwrap();
        remove_leftovers(folder.path());
        remove_leftovers(&folder.path().join("missing"));
        assert!(!abandoned.exists());
        assert!(written.path().exists(), "its writer still runs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 6);
    }

    #[test]
    fn locks_and_scratch_folders_of_ended_processes_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, name) =
            (FolderLock::acquire(folder.path()).unwrap(), folder.path().join(lock::NAME));
        let scratch = ScratchFolder::within(folder.path()).unwrap();
        fs::write(scratch.path().join("shard"), "").unwrap();
        let abandoned = [".tropex-0123456789abcdef.tmp", ".tropex-0123456789abcdeg.tmp"];
        let abandoned = abandoned.map(|name| folder.path().join(name));
        abandoned.iter().for_each(|path| fs::create_dir(path).unwrap());
        fs::write(abandoned[0].join(lock::NAME), "1").unwrap();
        fs::write(abandoned[0].join("shard"), "").unwrap();
        remove_leftovers(folder.path());
        assert!(name.exists() && scratch.path().join("shard").exists());
        assert!(abandoned.iter().all(|path| !path.exists()));
        drop((lock, scratch));
        fs::write(&name, "1").unwrap();
        remove_leftovers(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
