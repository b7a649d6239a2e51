//! Files that are whole or not there at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` under a temporary name beside `path`, makes them durable and renames.
///
/// A reader, or a crash at any moment, sees the old file or the new one, never a part.
///
/// # Errors
/// A path that names no file; whatever hinders writing.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_durably(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary); // the first error is the one to report
        return written;
    }
    sync_folder(path)
}

/// Ends of the names of the files that are written.
const ENDINGS: [&str; 7] = [".json", ".jsonl", ".safetensors", ".csv", ".svg", ".html", ".md"];

/// Removes what a killed process was writing in a folder, if there is the folder.
pub fn remove_leftovers(folder: &Path) {
    let is_leftover = |name: &str| {
        let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
        let (file, process) = inner.and_then(|inner| inner.rsplit_once('.')).unwrap_or_default();
        process.parse::<u32>().is_ok() && ENDINGS.iter().any(|ending| file.ends_with(ending))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_leftover(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_file(entry.path()); // it does no harm where it stays
        }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the rename itself durable, where folders can be opened as files.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [".config.json.tmp", ".other.12.tmp", "config.json", "a.json.12.tmp"];
        let left = [".config.json.12.tmp", ".m.safetensors.7.tmp", ".index.html.3.tmp"];
        for name in left.iter().chain(&kept) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_leftovers(folder.path());
        remove_leftovers(&folder.path().join("missing"));
        assert!(kept.iter().all(|name| folder.path().join(name).exists()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), kept.len());
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(write_atomically(&path, b"bytes").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
