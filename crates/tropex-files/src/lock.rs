//! A lock that allows one process at a time to write to a folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use thiserror::Error;

use crate::own::OwnFile;

/// Name of the lock file.
pub(crate) const NAME: &str = ".tropex-lock";

/// Number of attempts to get a lock that another process has, and the time between them. A process
/// that only examines or removes a lock releases it at once.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(5);

/// The exclusive right to write to a folder. It ends when the value is dropped, or when the process
/// ends in any way.
///
/// On a file system without locks, every request succeeds. It also succeeds for a process without
/// permission to write to the folder.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    /// The locked file; `None` on file systems without locks.
    file: Option<File>,
    /// Whether the folder was created with the lock, and is removed with it if empty.
    made: bool,
    _own: Option<OwnFile>,
}

/// The process that has a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Process id, if known.
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

/// Why a folder cannot be locked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has the lock.
    #[error("{holder} is working in {}; wait until it ends, or choose another folder", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The process.
        holder: Holder,
    },
    /// The folder cannot be created.
    #[error("cannot create folder {}: {source}", folder.display())]
    Create {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The lock file cannot be opened or locked.
    #[error("cannot lock {}: {source}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
}

impl LockError {
    /// Whether the folder was removed meanwhile.
    fn is_gone(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == ErrorKind::NotFound)
    }
}

impl FolderLock {
    /// Locks an existing folder, without waiting.
    ///
    /// # Errors
    /// [`LockError::Held`]: another process, or another lock of this process, has it.
    /// [`LockError::Io`].
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { folder: folder.to_owned(), source };
        let lock = |file, own| Self { folder: folder.to_owned(), file, made: false, _own: own };
        let path = folder.join(NAME);
        let mut tries = 0;
        loop {
            let Some(mut file) = open(&path).map_err(failed)? else { return Ok(lock(None, None)) };
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => {
                    // The process id is for error messages; the lock works without it.
                    let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                    let own = cfg!(unix).then(|| OwnFile::new(&path));
                    return Ok(lock(Some(file), own));
                }
                Ok(()) => {} // the last holder removed it meanwhile
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = Holder { process: process_in(&mut file) };
                    return Err(LockError::Held { folder: folder.to_owned(), holder });
                }
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Ok(lock(None, None));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Locks a folder, which is created if it does not exist. A created folder that stays empty is
    /// removed with the lock.
    ///
    /// # Errors
    /// Errors of [`FolderLock::acquire`]. [`LockError::Create`].
    pub fn create(folder: &Path) -> Result<Self, LockError> {
        for _ in 1..TRIES {
            match Self::create_once(folder) {
                Err(error) if error.is_gone() => {} // the last holder removed it meanwhile
                outcome => return outcome,
            }
        }
        Self::create_once(folder)
    }

    fn create_once(folder: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::Create { folder: folder.to_owned(), source };
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let made = make_folder(folder).map_err(failed)?;
        let mut lock = Self::acquire(folder).inspect_err(|_| {
            if made {
                let _ = fs::remove_dir(folder); // the first error is the one to report
            }
        })?;
        lock.made = made;
        Ok(lock)
    }
}

/// Creates a folder unless it exists, and says whether it did.
fn make_folder(folder: &Path) -> io::Result<bool> {
    for _ in 1..TRIES {
        match fs::create_dir(folder) {
            Ok(()) => return Ok(true),
            Err(_) if folder.is_dir() => return Ok(false),
            Err(error) if is_file(folder) || error.kind() != ErrorKind::AlreadyExists => {
                return Err(error);
            }
            Err(_) => {} // another holder removed the folder between the two calls
        }
    }
    fs::create_dir(folder).map(|()| true)
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_dir())
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while locked, so that no other process can have locked the removed file.
        if self.file.is_some() && cfg!(unix) {
            let _ = fs::remove_file(self.folder.join(NAME));
        }
        if self.made {
            let _ = fs::remove_dir(&self.folder); // removes only an empty folder
        }
    }
}

/// The process that has the lock of a folder now, if any.
pub fn holder(folder: &Path) -> Option<Holder> {
    let mut file = File::open(folder.join(NAME)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Holder { process: process_in(&mut file) }),
        _ => None,
    }
}

/// Removes the lock file of a killed process.
pub(crate) fn remove_abandoned(folder: &Path) {
    let path = folder.join(NAME);
    let Ok(Some(file)) = open_existing(&path) else { return };
    if file.try_lock().is_ok() && is_at(&file, &path) && cfg!(unix) {
        let _ = fs::remove_file(path); // a remaining file does no harm
    }
}

/// Opens or creates the lock file; `None` without permission to write to the folder.
fn open(path: &Path) -> io::Result<Option<File>> {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        let reason = format!("{NAME} in it is no ordinary file; remove it");
        return Err(io::Error::other(reason));
    }
    match File::options().create(true).truncate(false).read(true).write(true).open(path) {
        Err(error) if is_read_only(&error) => open_existing(path),
        opened => opened.map(Some),
    }
}

/// Opens an existing lock file of any owner.
fn open_existing(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound || is_read_only(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// Whether an open file still has the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    let open = file.metadata().map(identity);
    // Links are not followed: a link is not a lock file.
    let named = fs::symlink_metadata(path).map(identity);
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
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
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no files are left");
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn the_lock_of_a_killed_process_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(NAME), "4294967295 and more").unwrap();
        assert_eq!(holder(folder.path()), None);
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_has_one_lock_at_a_time() {
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
    fn a_missing_folder_cannot_be_locked() {
        let error = FolderLock::acquire(Path::new("none/such")).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }), "{error}");
        assert_eq!(holder(Path::new("none/such")), None);
    }

    #[test]
    fn an_empty_folder_made_for_a_lock_is_removed_with_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        drop(FolderLock::create(&folder).unwrap());
        assert!(!folder.exists() && parent.path().join("a").exists());
        let lock = FolderLock::create(&folder).unwrap();
        let refused = FolderLock::create(&folder).unwrap_err();
        assert!(matches!(refused, LockError::Held { .. }), "{refused}");
        fs::write(folder.join("file"), "").unwrap();
        drop(lock);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_file(folder.join("file")).unwrap();
        drop(FolderLock::create(&folder).unwrap());
        assert!(folder.exists(), "the folder existed before the lock");
        fs::write(parent.path().join("file"), "").unwrap();
        let error = FolderLock::create(&parent.path().join("file")).unwrap_err();
        assert!(matches!(error, LockError::Create { .. }), "{error}");
    }

    #[test]
    fn a_folder_that_is_created_and_removed_has_one_lock_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        match FolderLock::create(&folder) {
                            Ok(_lock) => {
                                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                                inside.fetch_sub(1, Ordering::SeqCst);
                            }
                            Err(error) => {
                                assert!(matches!(error, LockError::Held { .. }), "{error}")
                            }
                        }
                    }
                });
            }
        });
        // A lock does not remove a folder that existed before it, so an empty folder may remain.
        assert_eq!(fs::read_dir(&folder).map_or(0, Iterator::count), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("thesis.tex");
        fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, folder.path().join(NAME)).unwrap();
        let error = FolderLock::acquire(folder.path()).unwrap_err().to_string();
        assert!(error.contains("no ordinary file"), "{error}");
        remove_abandoned(folder.path());
        assert_eq!(fs::read_to_string(file).unwrap(), "text");
    }
}
