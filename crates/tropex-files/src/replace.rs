//! Atomic replacement of files.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::atomic_write::replace_local;
use crate::publish::publish_written;

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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

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
        use std::ffi::OsStr;
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
