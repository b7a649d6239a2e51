//! Files that appear complete, and that no later writer changes.
//!
//! Several processes on several machines may publish the same file at once. Nothing here needs the
//! locks of a file system.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use crate::atomic_write::{PREFIX, RANDOM, SUFFIX, folder_of, sync_folder, temporary_beside};
use crate::mirror::MirroredPath;
use crate::own::OwnFile;

/// Writes `bytes` to a new file at `path`. Returns `false`, and changes nothing, if the path
/// exists. Readers see no file or the complete file.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("file");
/// assert!(tropex_files::create(&path, b"first")?);
/// assert!(!tropex_files::create(&path, b"second")?);
/// assert_eq!(std::fs::read(&path)?, b"first");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The file cannot be written. No temporary file is left.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    if let Some(mirrored) = MirroredPath::of(path)
        && !mirrored.create(bytes)?
    {
        return Ok(false);
    }
    let mut temporary = temporary_beside(path)?;
    let _own = OwnFile::new(temporary.path());
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(path) {
        Ok(_) => sync_folder(folder_of(path)).map(|()| true),
        Err(_) if path.symlink_metadata().is_ok() => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

/// Makes the content of the file `from` appear at `to`, which is replaced if it exists. The two
/// paths share the content if the file system has hard links; otherwise it is copied.
///
/// # Errors
/// The file cannot be read or written. No temporary file is left.
pub fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(mirrored) = MirroredPath::of(from)
        && mirrored.copy(to)?
    {
        return Ok(());
    }
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM);
    let linked = builder.make_in(folder_of(to), |path| match fs::hard_link(from, path) {
        // Another name is tried.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => copy(from, path),
        linked => linked,
    })?;
    let (_, temporary): ((), _) = linked.into_parts();
    let _own = OwnFile::new(&temporary);
    fs::rename(&temporary, to)?;
    // Two links to one file stay two links: the temporary name may remain, and is removed.
    drop(temporary);
    sync_folder(folder_of(to))?;
    publish_written(to)
}

/// Publishes a file that was written in place. Only needed in a [mirrored
/// folder](crate::MirroredFolder); elsewhere, nothing is done.
///
/// # Errors
/// The file cannot be written where the folder is kept.
pub fn publish_written(path: &Path) -> io::Result<()> {
    MirroredPath::of(path).map_or(Ok(()), |mirrored| mirrored.written())
}

/// Copies a file to a new file, which is removed again if copying fails.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = fs::File::open(from)?;
    let mut file = fs::File::options().write(true).create_new(true).open(to)?;
    let copied = io::copy(&mut source, &mut file).and_then(|_| file.sync_all());
    copied.inspect_err(|_| {
        let _ = fs::remove_file(to); // the first error is the one to report
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn one_of_several_writers_creates_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let created: Vec<bool> = thread::scope(|scope| {
            let writers: Vec<_> = (0..8_u8)
                .map(|writer| {
                    let path = &path;
                    scope.spawn(move || create(path, &[writer; 5000]).unwrap())
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let winner = created.iter().position(|&created| created).unwrap();
        assert_eq!(created.iter().filter(|&&created| created).count(), 1);
        assert_eq!(fs::read(&path).unwrap(), [winner as u8; 5000]);
        assert_eq!(names(folder.path()), 1);
        assert!(create(&folder.path().join("none/file"), b"").is_err());
    }

    #[test]
    fn a_linked_file_replaces_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        for _ in 0..2 {
            link_or_copy(&from, &to).unwrap();
            assert_eq!(fs::read(&to).unwrap(), b"new");
            assert_eq!(names(folder.path()), 2);
        }
        copy(&from, &folder.path().join("copy")).unwrap();
        assert_eq!(fs::read(folder.path().join("copy")).unwrap(), b"new");
        assert!(link_or_copy(&folder.path().join("missing"), &to).is_err());
        assert_eq!((fs::read(&to).unwrap(), names(folder.path())), (b"new".to_vec(), 3));
    }
}
