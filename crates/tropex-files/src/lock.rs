//! One process at a time in a folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::own::OwnFile;

/// Name of the file that is locked.
const NAME: &str = ".lock";

/// The only right to write to a folder, until it is dropped or the process ends, however it ends.
///
/// Where a file system has no locks, everybody gets one: nothing is better there.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// Open as long as the lock is held; `None` where there are no locks.
    file: Option<File>,
    _own: Option<OwnFile>,
}

/// Who holds a lock, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Number of the process.
    pub process: Option<u32>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.process {
            Some(process) => write!(f, "another tropex (process {process})"),
            None => write!(f, "another tropex"),
        }
    }
}

/// Why there is no lock.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("{holder} is working in {}; wait until it ends, or choose another folder", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
        /// Who has it.
        holder: Holder,
    },
    /// The file system does not let us.
    #[error("cannot lock {}: {source}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl FolderLock {
    /// Takes the lock of a folder that is there, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`] where another process, or another lock of this one, has it.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        let failed = |source| LockError::Io { folder: folder.to_owned(), source };
        loop {
            let mut file = open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => {
                    // For whoever is refused; the lock holds without it.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    let own = cfg!(unix).then(|| OwnFile::new(&path));
                    return Ok(Self { path, file: Some(file), _own: own });
                }
                Ok(()) => {} // its last holder removed it in between
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder { process: process_in(&mut file) };
                    return Err(LockError::Held { folder: folder.to_owned(), holder });
                }
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(Self { path, file: None, _own: None });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while it is held, so that nobody else can hold the file that is removed.
        if self.file.is_some() && cfg!(unix) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Who writes to a folder at this moment, if somebody does.
pub fn holder(folder: &Path) -> Option<Holder> {
    let mut file = File::open(folder.join(NAME)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder { process: process_in(&mut file) }),
        _ => None,
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path)
}

fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// Whether an open file is the one that has the name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let open = file.metadata().map(identity);
    matches!((open, fs::metadata(path).map(identity)), (Ok(open), Ok(named)) if open == named)
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_number_of_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::acquire(folder.path()).unwrap();
        let process = Some(std::process::id());
        let refused = FolderLock::acquire(folder.path()).unwrap_err();
        let expected = format!("another tropex (process {}) is working in ", std::process::id());
        assert!(refused.to_string().starts_with(&expected), "{refused}");
        assert!(matches!(refused, LockError::Held { holder, .. } if holder.process == process));
        assert_eq!(holder(folder.path()), Some(Holder { process }));
        drop(lock);
        assert_eq!(holder(folder.path()), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn what_a_killed_process_left_does_not_hinder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "4294967295 and more").unwrap();
        assert_eq!(holder(folder.path()), None);
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn never_two_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        if let Ok(_lock) = FolderLock::acquire(folder.path()) {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            taken.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_locked() {
        let error = FolderLock::acquire(Path::new("none/such")).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }), "{error}");
        assert_eq!(holder(Path::new("none/such")), None);
    }
}
