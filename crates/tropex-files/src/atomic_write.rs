//! Atomic writing of files of this machine.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::own::OwnFile;

/// Names of temporary files are `.tropex-`, [`RANDOM`] letters and digits, and `.tmp`: 28 bytes,
/// for targets with names of any length.
pub(crate) const PREFIX: &str = ".tropex-";
pub(crate) const SUFFIX: &str = ".tmp";
pub(crate) const RANDOM: usize = 16;

/// Largest number of symbolic links in a chain, as in Linux.
const MAX_LINKS: usize = 40;

/// Writes a file of this machine: see [`replace_with`](crate::replace_with).
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
