//! Atomic replacement of files.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::own::OwnFile;
use crate::publish::publish_written;

/// Names of temporary files are `.tropex-`, [`RANDOM`] letters and digits, and `.tmp`: 28 bytes,
/// for targets with names of any length.
pub(crate) const PREFIX: &str = ".tropex-";
pub(crate) const SUFFIX: &str = ".tmp";
pub(crate) const RANDOM: usize = 16;

/// Largest number of symbolic links in a chain, as in Linux.
const MAX_LINKS: usize = 40;

/// Writes `bytes` to `path`: see [`replace_with`].
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(bytes))
}

/// Writes the file at `path` with the function `write`.
///
/// A new or regular file is written under a temporary name, synced to disk, and renamed: a reader,
/// and a crash at any moment, sees the old or the new content. The file keeps its mode and owner. A
/// symbolic link stays, and its target is written. A pipe, terminal or device is opened and
/// written, not replaced. A regular file is overwritten in place if its folder does not accept new
/// files, if it is a mount point, or if it belongs to another user in a folder like `/tmp`; in the
/// last two cases, `write` is called a second time.
///
/// # Errors
/// The path does not name a file, the file is write-protected, links form a circle, or writing
/// fails. No temporary file is left.
pub fn replace_with(path: &Path, write: impl FnMut(&mut File) -> io::Result<()>) -> io::Result<()> {
    replace_local(path, write)?;
    publish_written(path)
}

/// Writes a file of this machine: see [`replace_with`].
pub(crate) fn replace_local(
    path: &Path,
    mut write: impl FnMut(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    match WriteTarget::of(path)? {
        WriteTarget::New(path) => {
            let mut temporary = temporary_beside(&path)?;
            let _own = OwnFile::new(temporary.path());
            write(temporary.as_file_mut())?;
            Ok(publish(temporary, &path)?)
        }
        WriteTarget::Ordinary(path, metadata) => {
            let mut temporary = match temporary_beside(&path) {
                Ok(temporary) => temporary,
                Err(error) if takes_no_files(&error) => return overwrite(&path, write),
                Err(error) => return Err(error),
            };
            let _own = OwnFile::new(temporary.path());
            write(temporary.as_file_mut())?;
            keep_mode_and_owner(temporary.as_file(), &metadata)?;
            match publish(temporary, &path) {
                Err(Unpublished::Rename(error)) if cannot_be_replaced(&error) => {
                    overwrite(&path, write)
                }
                outcome => Ok(outcome?),
            }
        }
        WriteTarget::Stream(path) => {
            let mut stream = File::options().append(true).open(path)?;
            write(&mut stream).map_err(explain_broken_pipe)
        }
        #[cfg(unix)]
        WriteTarget::Standard(stream) => write(&mut stream.handle()?).map_err(explain_broken_pipe),
    }
}

/// Explains a broken pipe.
fn explain_broken_pipe(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::new(error.kind(), "its reader went away"),
        _ => error,
    }
}

/// Whether a file name is that of a temporary file of this module.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let inner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    inner.is_some_and(|inner| inner.len() == RANDOM && inner.bytes().all(is_letter_or_digit))
}

fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Creates and locks a temporary file in the folder of `path`.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    loop {
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The mode of any new file; the umask removes bits.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder)?;
        // Another process may have removed the file as a leftover before it was locked.
        let is_locked = match temporary.as_file().try_lock() {
            Ok(()) => temporary.path().exists(),
            Err(fs::TryLockError::WouldBlock) => false,
            Err(fs::TryLockError::Error(_)) => true, // without locks, leftovers are not removed
        };
        if is_locked {
            return Ok(temporary);
        }
    }
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The kinds of targets of a path, after following links.
enum WriteTarget {
    New(PathBuf),
    Ordinary(PathBuf, Metadata),
    Stream(PathBuf),
    /// Standard output or standard error of this process. Opened a second time, a file would be
    /// written from its start, and later output would overwrite it.
    #[cfg(unix)]
    Standard(Standard),
}

#[cfg(unix)]
enum Standard {
    Output,
    Error,
}

#[cfg(unix)]
impl Standard {
    /// The stream of a link such as `/proc/self/fd/1`.
    fn of(link: &Path) -> Option<Self> {
        let folder = fs::canonicalize(folder_of(link)).ok()?;
        if !folder.starts_with(format!("/proc/{}", std::process::id())) {
            return None;
        }
        match link.file_name()?.to_str()? {
            "1" => Some(Self::Output),
            "2" => Some(Self::Error),
            _ => None,
        }
    }

    /// A handle with the file position of the printed output.
    fn handle(&self) -> io::Result<File> {
        use std::os::fd::AsFd;
        let handle = match self {
            Self::Output => {
                io::stdout().flush()?;
                io::stdout().as_fd().try_clone_to_owned()
            }
            Self::Error => io::stderr().as_fd().try_clone_to_owned(),
        };
        handle.map(File::from)
    }
}

impl WriteTarget {
    fn of(path: &Path) -> io::Result<Self> {
        let mut path = path.to_path_buf();
        for _ in 0..MAX_LINKS {
            if path.file_name().is_none() || ends_in_separator(&path) {
                return Err(ErrorKind::InvalidFilename.into());
            }
            let metadata = match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::New(path)),
                found => found?,
            };
            if metadata.is_symlink() {
                if is_open_file(&path) {
                    #[cfg(unix)]
                    if let Some(standard) = Standard::of(&path) {
                        return Ok(Self::Standard(standard));
                    }
                    return Ok(Self::Stream(path));
                }
                path = folder_of(&path).join(fs::read_link(&path)?);
            } else if metadata.is_file() {
                return Self::ordinary(path, metadata);
            } else if metadata.is_dir() {
                return Err(ErrorKind::IsADirectory.into());
            } else {
                return Ok(Self::Stream(path));
            }
        }
        Err(io::Error::other("too many symbolic links"))
    }

    /// Checks the write permission, which a rename would ignore.
    fn ordinary(path: PathBuf, metadata: Metadata) -> io::Result<Self> {
        if metadata.permissions().readonly() {
            let reason = "the file is write-protected";
            return Err(io::Error::new(ErrorKind::PermissionDenied, reason));
        }
        File::options().write(true).open(&path)?;
        Ok(Self::Ordinary(path, metadata))
    }
}

fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&byte| byte == b'/')
}

/// Whether a link is an open file of a process, as the target of `/dev/stdout` is. It can be a
/// pipe, or a file that is written at the same time.
fn is_open_file(link: &Path) -> bool {
    let folder = fs::canonicalize(folder_of(link)).unwrap_or_default();
    let mut parts = folder.iter();
    folder.starts_with("/proc") && parts.any(|part| part == "fd") || folder == Path::new("/dev/fd")
}

/// Copies the mode and, if permitted, the owner and group of the old file. No one gets new
/// permissions.
#[cfg(unix)]
fn keep_mode_and_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let new = file.metadata()?;
    let mode = old.mode() & 0o7777;
    let (owner, group) = (old.uid(), old.gid());
    let mut is_same = (new.uid(), new.gid()) == (owner, group);
    if !is_same {
        is_same = fchown(file, Some(owner), Some(group)).is_ok(); // usually permitted for root only
    }
    let mode = match is_same {
        true => mode,
        false if new.gid() == group || fchown(file, None, Some(group)).is_ok() => mode & 0o777,
        // The new group gets the permissions of others.
        false => mode & 0o707 | (mode & 0o007) << 3,
    };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_mode_and_owner(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Why a temporary file was not renamed to its target.
enum Unpublished {
    /// The rename failed.
    Rename(io::Error),
    /// Syncing to disk failed.
    Sync(io::Error),
}

impl From<Unpublished> for io::Error {
    fn from(failed: Unpublished) -> Self {
        let (Unpublished::Rename(error) | Unpublished::Sync(error)) = failed;
        error
    }
}

/// Syncs a temporary file to disk, renames it, and syncs the folder.
fn publish(temporary: NamedTempFile, path: &Path) -> Result<(), Unpublished> {
    // The file stays open, and locked, until it is renamed.
    let (file, temporary) = temporary.into_parts();
    file.sync_all().map_err(Unpublished::Sync)?;
    // `rename` instead of `persist`: tests make this system call fail.
    fs::rename(&temporary, path).map_err(Unpublished::Rename)?;
    let _ = temporary.keep(); // prevents the removal of the temporary name
    sync_folder(folder_of(path)).map_err(Unpublished::Sync)
}

/// Syncs a folder to disk, on systems that support it.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    let synced = match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    };
    match synced {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether a folder refuses new files, or the path of the temporary file is too long.
fn takes_no_files(error: &io::Error) -> bool {
    use ErrorKind::{InvalidFilename, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | InvalidFilename)
}

/// Whether a file is a mount point, or belongs to another user in a folder with the sticky bit.
fn cannot_be_replaced(error: &io::Error) -> bool {
    use ErrorKind::{CrossesDevices, PermissionDenied, ResourceBusy};
    matches!(error.kind(), ResourceBusy | CrossesDevices | PermissionDenied)
}

fn overwrite(path: &Path, mut write: impl FnMut(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = File::options().write(true).truncate(true).open(path)?;
    write(&mut file)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_written_file_replaces_the_old_one_without_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_content_without_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let (path, taken) = (folder.path().join("file"), folder.path().join("taken"));
        fs::create_dir(&taken).unwrap();
        fs::write(&path, "old").unwrap();
        let failing = |file: &mut File| {
            file.write_all(b"half")?;
            Err(io::Error::other("full"))
        };
        assert!(replace_with(&path, failing).is_err());
        assert!(replace_with(&folder.path().join("new"), failing).is_err());
        assert_eq!(replace(&taken, b"").unwrap_err().kind(), ErrorKind::IsADirectory);
        for none in ["", "/", "..", "taken/"] {
            assert!(replace(&folder.path().join(none), b"").is_err(), "{none:?}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(count(folder.path()), 2);
    }

    #[test]
    fn the_longest_name_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x".repeat(255));
        replace(&path, b"long").unwrap();
        assert_eq!(fs::read(path).unwrap(), b"long");
    }

    #[cfg(unix)]
    mod unix {
        use std::io::Read;
        use std::os::unix::fs::{PermissionsExt, symlink};
        use std::process::Command;
        use std::thread;

        use super::*;

        #[test]
        fn a_link_stays_and_its_target_is_written() {
            let folder = tempfile::tempdir().unwrap();
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("elsewhere")).unwrap();
            fs::write(at("elsewhere/there"), "old").unwrap();
            symlink("elsewhere/there", at("direct")).unwrap();
            symlink("direct", at("second")).unwrap();
            symlink(at("elsewhere/new"), at("dangling")).unwrap();
            for (link, target) in [
                ("direct", "elsewhere/there"),
                ("second", "elsewhere/there"),
                ("dangling", "elsewhere/new"),
            ] {
                replace(&at(link), link.as_bytes()).unwrap();
                assert_eq!(fs::read_to_string(at(target)).unwrap(), link);
                assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink());
            }
            symlink("circle", at("circle")).unwrap();
            assert!(replace(&at("circle"), b"").is_err());
            assert_eq!((count(folder.path()), count(&at("elsewhere"))), (5, 2));
        }

        #[test]
        fn modes_are_kept_and_write_protected_files_refused() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            fs::write(&path, "old").unwrap();
            let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for mode in [0o600, 0o640, 0o755] {
                set(mode);
                replace(&path, b"new").unwrap();
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            }
            set(0o444);
            let refused = replace(&path, b"newer").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
            assert_eq!(fs::read(&path).unwrap(), b"new");
            assert_eq!(count(folder.path()), 1);
        }

        #[test]
        fn a_new_file_has_the_default_mode() {
            let folder = tempfile::tempdir().unwrap();
            let (plain, replaced) = (folder.path().join("plain"), folder.path().join("replaced"));
            fs::write(&plain, "").unwrap();
            replace(&replaced, b"").unwrap();
            let [plain, replaced] = [plain, replaced].map(|path| fs::metadata(path).unwrap());
            assert_eq!(plain.permissions().mode(), replaced.permissions().mode());
        }

        #[test]
        fn a_pipe_gets_the_content_and_stays_a_pipe() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            let reader = thread::spawn({
                let path = path.clone();
                move || {
                    let mut text = String::new();
                    File::open(path).unwrap().read_to_string(&mut text).unwrap();
                    text
                }
            });
            replace(&path, b"through the pipe").unwrap();
            assert_eq!(reader.join().unwrap(), "through the pipe");
            assert!(!fs::symlink_metadata(&path).unwrap().is_file());
        }

        #[test]
        fn a_pipe_whose_reader_ends_is_an_error() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            let reader = thread::spawn({
                let path = path.clone();
                move || File::open(path).unwrap().read_exact(&mut [0]).unwrap()
            });
            // More bytes than the buffer of a pipe.
            let error = replace(&path, &vec![0; 1 << 21]).unwrap_err();
            assert_eq!(error.to_string(), "its reader went away");
            reader.join().unwrap();
        }

        #[test]
        fn names_need_not_be_utf_8() {
            use std::os::unix::ffi::OsStrExt;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(OsStr::from_bytes(b"\xff\xfe.csv"));
            for content in ["old", "new"] {
                replace(&path, content.as_bytes()).unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), content);
            }
            assert_eq!(count(folder.path()), 1);
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn an_open_file_is_written_in_place() {
            use std::os::fd::AsRawFd;
            let folder = tempfile::tempdir().unwrap();
            let (path, link) = (folder.path().join("log"), folder.path().join("link"));
            let mut open = File::create(&path).unwrap();
            open.write_all(b"before, ").unwrap();
            symlink(format!("/proc/self/fd/{}", open.as_raw_fd()), &link).unwrap();
            replace(&link, b"after").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"before, after");
            replace(Path::new("/dev/null"), b"gone").unwrap();
            assert!(!fs::metadata("/dev/null").unwrap().is_file());
        }
    }
}
