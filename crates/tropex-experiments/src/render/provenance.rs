//! Marks the files that TropEx made. Other files are not replaced.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// Text near the start or the end of pages and pictures.
const MARK: &str = "Made by TropEx ";

/// Bytes at either end of a file that are searched for the mark.
const ENDS: u64 = 4096;

/// The mark with the version of the program.
pub(crate) fn provenance_mark() -> String {
    format!("{MARK}{}.", env!("CARGO_PKG_VERSION"))
}

/// Whether a file exists that TropEx did not make.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn is_foreign(path: &Path) -> io::Result<bool> {
    let found = match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    if !found.is_file() || found.len() == 0 {
        return Ok(false); // nothing would be lost
    }
    let mut file = File::open(path)?;
    let mut ends = Vec::new();
    file.by_ref().take(ENDS).read_to_end(&mut ends)?;
    file.seek(SeekFrom::Start(found.len().saturating_sub(ENDS)))?;
    file.take(ENDS).read_to_end(&mut ends)?;
    Ok(!ends.windows(MARK.len()).any(|window| window == MARK.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_mark_is_found_at_either_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(!is_foreign(&path).unwrap());
        let (long, mark) = ("x".repeat(10_000), provenance_mark());
        for (content, expected) in [
            (String::new(), false),
            (mark.clone(), false),
            (format!("{long}{mark}"), false),
            (format!("{mark}{long}"), false),
            (format!("{long}{mark}{long}"), true),
            ("My own notes.".into(), true),
        ] {
            fs::write(&path, &content).unwrap();
            assert_eq!(is_foreign(&path).unwrap(), expected, "{} bytes", content.len());
        }
    }
}
