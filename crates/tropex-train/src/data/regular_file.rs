//! Access to regular files, which refuses folders, devices and dangling links.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::error::DataError;
use crate::memory::InsufficientMemory;

/// Whether a regular file exists.
///
/// # Errors
/// The path cannot be examined, or is something other than a regular file.
pub(crate) fn exists(path: &Path) -> Result<bool, DataError> {
    let failed = |error| Err(DataError::Unreadable { path: path.to_path_buf(), error });
    match fs::metadata(path) {
        Ok(found) => require_regular(path, &found).map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => match fs::symlink_metadata(path) {
            Ok(_) => failed(io::Error::other("it is a link to a file that is not there")),
            Err(_) => Ok(false),
        },
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => failed(error),
    }
}

/// The first path with a regular file. An error about one path does not matter if another path has
/// a file.
pub(crate) fn first_existing(
    paths: impl Iterator<Item = PathBuf>,
) -> Result<Option<PathBuf>, DataError> {
    let mut failure = Ok(None);
    for path in paths {
        match exists(&path) {
            Ok(true) => return Ok(Some(path)),
            Ok(false) => {}
            Err(error) if failure.is_ok() => failure = Err(error),
            Err(_) => {}
        }
    }
    failure
}

/// Opens a regular file, and returns it with its length.
pub(crate) fn open(path: &Path) -> Result<(File, u64), DataError> {
    let failed = |error| DataError::Unreadable { path: path.to_path_buf(), error };
    // Checked before opening: a pipe would wait for a writer.
    require_regular(path, &fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok((file, length))
}

/// The content of a regular file. It is refused unless twice its length fits into memory, for the
/// content and the images made of it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let failed = |error| DataError::Unreadable { path: path.to_path_buf(), error };
    let (file, length) = open(path)?;
    let twice = length.saturating_mul(2);
    InsufficientMemory::require(twice).map_err(|memory| failed(io::Error::other(memory)))?;
    let mut content = Vec::new();
    file.take(length.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > length {
        return Err(failed(io::Error::other("it grows while it is read")));
    }
    Ok(content)
}

fn require_regular(path: &Path, found: &Metadata) -> Result<(), DataError> {
    let reason = match found {
        found if found.is_file() => return Ok(()),
        found if found.is_dir() => "it is a folder, expected a file",
        _ => "it is not a regular file",
    };
    let error = io::Error::other(reason);
    Err(DataError::Unreadable { path: path.to_path_buf(), error })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn folders_in_place_of_files_are_errors() {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "text").unwrap();
        fs::create_dir(at("folder")).unwrap();
        assert!(exists(&at("file")).unwrap());
        assert!(!exists(&at("none")).unwrap());
        assert!(!exists(&at("file/inside")).unwrap());
        for found in [exists(&at("folder")).map(|_| ()), read(&at("folder")).map(|_| ())] {
            let text = found.unwrap_err().to_string();
            assert!(text.contains("folder: it is a folder, expected a file"), "{text}");
        }
        assert_eq!(read(&at("file")).unwrap(), b"text");
        let first = |names: &[&str]| first_existing(names.iter().map(|name| at(name)));
        assert_eq!(first(&["folder", "none", "file"]).unwrap(), Some(at("file")));
        assert_eq!(first(&["none"]).unwrap(), None);
        assert!(first(&["folder", "none"]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn dangling_links_and_devices_are_errors() {
        let dir = TempDir::new().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let text = exists(&link).unwrap_err().to_string();
        assert!(text.contains("it is a link to a file that is not there"), "{text}");
        for device in ["/dev/zero", "/dev/null"] {
            let text = read(Path::new(device)).unwrap_err().to_string();
            assert!(text.contains("it is not a regular file"), "{text}");
        }
    }
}
