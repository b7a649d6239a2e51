//! Files as memory.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;
use memmap2::Mmap;

use crate::Error;

/// Maps a file into memory: its pages are read when they are looked at, and may be dropped again
/// where memory is short.
#[allow(unsafe_code)] // mapping a file is the only way to look at one that is larger than memory
pub(super) fn map(path: &Path) -> Result<Bytes, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    // SAFETY: a mapping is sound as long as nobody changes the file under it, which no program can
    // enforce. Stores never do: they write files under another name and rename them, which leaves
    // the mapped file as it was. Should another program write into it or cut it off, numbers would
    // change under our hands or the operating system would end this process. Numbers may have any
    // value without harm to memory, and nothing else is read from the mapping after checks.
    let mapping = unsafe { Mmap::map(&file) }.map_err(Error::io("read", path))?;
    Ok(Bytes::from_owner(mapping))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_mapping_holds_what_the_file_did() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for content in [&b""[..], b"x", &[7; 100_000]] {
            fs::write(&path, content).unwrap();
            assert_eq!(map(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_file_that_is_replaced_or_removed_stays_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&path, "before").unwrap();
        let mapping = map(&path).unwrap();
        fs::write(&other, "after").unwrap();
        // Some systems refuse to replace a mapped file, which does no harm either.
        if fs::rename(&other, &path).is_ok() {
            assert_eq!(map(&path).unwrap(), "after");
        }
        let _ = fs::remove_file(&path);
        assert_eq!(mapping, "before");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = map(Path::new("none/file")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read none/file: "), "{error}");
    }
}
