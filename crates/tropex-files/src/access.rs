//! Reading and removing files, which may be in a [mirrored folder](crate::MirroredFolder).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::mirror::MirroredPath;

/// Opens a file for reading.
///
/// # Errors
/// The file does not exist or cannot be read.
pub fn open(path: &Path) -> io::Result<File> {
    match (File::open(path), MirroredPath::of(path)) {
        (Err(error), Some(mirrored)) if is_absent(&error) => mirrored.fetch(),
        (opened, _) => opened,
    }
}

/// The content of a file.
///
/// # Errors
/// The file does not exist or cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let mut content = Vec::new();
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| ErrorKind::OutOfMemory)?;
    content.try_reserve_exact(length).map_err(|_| ErrorKind::OutOfMemory)?;
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// Length of a file, in bytes.
///
/// # Errors
/// The file does not exist or cannot be examined.
pub fn length(path: &Path) -> io::Result<u64> {
    match (fs::metadata(path), MirroredPath::of(path)) {
        (Err(error), Some(mirrored)) if is_absent(&error) => mirrored.length(),
        (found, _) => Ok(found?.len()),
    }
}

/// Names of the files and folders in a folder, sorted. Names that are not UTF-8 are left out.
///
/// # Errors
/// The folder does not exist or cannot be read.
pub fn entries(folder: &Path) -> io::Result<BTreeSet<String>> {
    let here = || -> io::Result<BTreeSet<String>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(io::Result::transpose).collect()
    };
    let Some(mirrored) = MirroredPath::of(folder) else { return here() };
    let mut names: BTreeSet<String> = mirrored.entries()?.into_iter().collect();
    match here() {
        Err(error) if is_absent(&error) && !names.is_empty() => {}
        here => names.extend(here?),
    }
    Ok(names)
}

/// Removes a file, if it exists.
///
/// # Errors
/// The file cannot be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => MirroredPath::of(path).map_or(Ok(()), |mirrored| mirrored.remove()),
    }
}

/// Removes a folder with its content, if it exists.
///
/// # Errors
/// The folder cannot be removed.
pub fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if !is_absent(&error) => Err(error),
        _ => MirroredPath::of(folder).map_or(Ok(()), |mirrored| mirrored.remove_folder()),
    }
}

/// Whether an error means that a file or folder does not exist.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
