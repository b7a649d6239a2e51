//! Files that are whole or not there at all.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::own::OwnFile;

/// Temporary files are `.tropex-` + [`RANDOM`] letters + `.tmp`, whatever the name of the target:
/// 28 bytes, so that no name becomes too long.
const PREFIX: &str = ".tropex-";
const SUFFIX: &str = ".tmp";
const RANDOM: usize = 16;

/// Symbolic links followed one after the other, as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Writes `bytes` to `path`: see [`replace_with`].
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(bytes))
}

/// Has the content of the file at `path` written by `write`.
///
/// A file that is new or ordinary is written under a temporary name, made durable, and renamed: a
/// reader, or a crash at any moment, sees the old content or the new one. The file keeps its mode
/// and owner. A symbolic link stays: the file that it leads to is written. What is no ordinary file
/// (a pipe, a terminal, a device) is opened and written, never replaced. So is an ordinary file
/// where the folder takes no new files, or where the file is a mount point.
///
/// `write` is called a second time in that last case, with an empty file.
///
/// # Errors
/// A path that names no file, a file without write permission, a link that leads in a circle, and
/// whatever hinders writing. No temporary file is left then.
pub fn replace_with(
    path: &Path,
    mut write: impl FnMut(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    match Target::of(path)? {
        Target::New(path) => {
            let mut temporary = temporary_beside(&path)?;
            let _own = OwnFile::new(temporary.path());
            write(temporary.as_file_mut())?;
            publish(temporary, &path).map_err(|(error, _)| error)
        }
        Target::Ordinary(path, metadata) => {
            let mut temporary = match temporary_beside(&path) {
                Ok(temporary) => temporary,
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return overwrite(&path, write);
                }
                Err(error) => return Err(error),
            };
            let _own = OwnFile::new(temporary.path());
            write(temporary.as_file_mut())?;
            keep_mode_and_owner(temporary.as_file(), &metadata)?;
            match publish(temporary, &path) {
                Err((error, _)) if is_mount_point(&error) => overwrite(&path, write),
                outcome => outcome.map_err(|(error, _)| error),
            }
        }
        Target::Stream(path) => {
            let mut stream = File::options().append(true).open(path)?;
            write(&mut stream)?;
            stream.flush()
        }
    }
}

/// Whether a file name is one of a temporary file of this module.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let inner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    inner.is_some_and(|inner| inner.len() == RANDOM && inner.bytes().all(is_letter_or_digit))
}

fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// A new file in the folder of `path` that no other process can have, locked as long as it is open.
pub(crate) fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    loop {
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As for any new file: the umask takes bits away.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder)?;
        // Whoever clears leftovers may have seen the file before it was locked.
        let is_locked = match temporary.as_file().try_lock() {
            Ok(()) => temporary.path().exists(),
            Err(fs::TryLockError::WouldBlock) => false,
            Err(fs::TryLockError::Error(_)) => true, // no locks here, and no clearing either
        };
        if is_locked {
            return Ok(temporary);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What stands at a path, links followed.
enum Target {
    New(PathBuf),
    Ordinary(PathBuf, Metadata),
    Stream(PathBuf),
}

impl Target {
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

    /// A rename would replace a file that is write-protected.
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

/// Whether a link stands for an open file of a process, such as `/dev/stdout` leads to: what it
/// names may be a pipe, or a file that somebody writes at the same time.
fn is_open_file(link: &Path) -> bool {
    let folder = fs::canonicalize(folder_of(link)).unwrap_or_default();
    let mut parts = folder.iter();
    folder.starts_with("/proc") && parts.any(|part| part == "fd") || folder == Path::new("/dev/fd")
}

/// The new content takes over mode and, where the system allows it, owner of the old one.
#[cfg(unix)]
fn keep_mode_and_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        let _ = fchown(file, Some(old.uid()), Some(old.gid())); // only root may, as a rule
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_mode_and_owner(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Makes a temporary file durable, gives it its name, and makes the name durable.
fn publish(temporary: NamedTempFile, path: &Path) -> Result<(), (io::Error, PathBuf)> {
    let failed = |error| (error, path.to_path_buf());
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|persist| failed(persist.error))?;
    sync_folder(folder_of(path)).map_err(failed)
}

/// Makes a rename durable, where folders can be opened as files.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn is_mount_point(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ResourceBusy | ErrorKind::CrossesDevices)
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
    fn a_written_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_nothing_beside_it() {
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
        fn a_link_stays_and_what_it_leads_to_is_written() {
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
        fn a_new_file_has_the_mode_that_any_new_file_has() {
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

        #[cfg(target_os = "linux")]
        #[test]
        fn an_open_file_is_written_where_it_is() {
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
