//! The bytes of a shard file: in memory if the file is small, otherwise read on demand.
//!
//! The file is not memory-mapped: if another program truncated a mapped file, the process would
//! end.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tropex_files::{hex, sha256_of};

use super::manifest::ShardEntry;
use crate::Error;

/// Bytes that are read and hashed together, so that they are still in the CPU cache.
const CHUNK: u64 = 1 << 18;

/// A file that matched its entry in the manifest when it was opened.
#[derive(Debug)]
pub(crate) struct ShardContent {
    path: PathBuf,
    source: ContentSource,
}

#[derive(Debug)]
enum ContentSource {
    Memory(Bytes),
    File { file: File, stamp: FileStamp },
}

/// Length and modification time; they change when another program writes to the file.
type FileStamp = (u64, Option<SystemTime>);

fn stamp_of(file: &File) -> io::Result<FileStamp> {
    file.metadata().map(|found: Metadata| (found.len(), found.modified().ok()))
}

impl ShardContent {
    /// Opens a file and checks it against its entry. A file of at most `in_memory` bytes is read
    /// into memory.
    pub(crate) fn open(path: &Path, entry: &ShardEntry, in_memory: u64) -> Result<Self, Error> {
        let failed = || Error::io("read", path);
        let file = tropex_files::open(path).map_err(failed())?;
        let stamp = stamp_of(&file).map_err(failed())?;
        require_length(path, stamp.0, entry.bytes)?;
        let (found, source) = if entry.bytes <= in_memory {
            let (content, sum) = read_and_hash(file, entry.bytes).map_err(failed())?;
            require_length(path, content.len() as u64, entry.bytes)?;
            (sum, ContentSource::Memory(content.into()))
        } else {
            (sha256_of(&file).map_err(failed())?, ContentSource::File { file, stamp })
        };
        if found != entry.sha256 {
            let reason =
                "its content does not match its checksum; delete the file and extract again";
            return Err(Error::store(path, reason));
        }
        Ok(Self { path: path.to_owned(), source })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.source, ContentSource::Memory(_))
    }

    /// The bytes of a range inside the file.
    pub(crate) fn read(&self, range: Range<usize>) -> Result<Bytes, Error> {
        match &self.source {
            ContentSource::Memory(content) => Ok(content.slice(range)),
            ContentSource::File { file, stamp } => self.read_from(file, stamp, range),
        }
    }

    fn read_from(
        &self,
        mut file: &File,
        stamp: &FileStamp,
        range: Range<usize>,
    ) -> Result<Bytes, Error> {
        let failed = || Error::io("read", &self.path);
        let length = range.len() as u64;
        let mut bytes = reserved(length).map_err(failed())?;
        file.seek(SeekFrom::Start(range.start as u64)).map_err(failed())?;
        file.take(length).read_to_end(&mut bytes).map_err(failed())?;
        if bytes.len() == range.len() && stamp_of(file).map_err(failed())? == *stamp {
            return Ok(bytes.into());
        }
        let reason = "another program wrote to it while it was read; delete the file and extract \
                      again";
        Err(Error::store(&self.path, reason))
    }
}

/// Checks the length of a file.
///
/// # Errors
/// A length that differs from the manifest.
pub(crate) fn require_length(path: &Path, found: u64, expected: u64) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let reason = format!(
        "{found} bytes, but the manifest says {expected}; delete the file and extract again"
    );
    Err(Error::store(path, reason))
}

/// The content of a file and its SHA-256.
fn read_and_hash(mut file: File, bytes: u64) -> io::Result<(Vec<u8>, String)> {
    let mut content = reserved(bytes)?;
    let mut hash = Sha256::new();
    loop {
        let start = content.len();
        file.by_ref().take(CHUNK).read_to_end(&mut content)?;
        if content.len() == start {
            return Ok((content, hex(&hash.finalize())));
        }
        hash.update(&content[start..]);
    }
}

/// An empty vector with the requested capacity.
///
/// # Errors
/// Not enough memory.
fn reserved(bytes: u64) -> io::Result<Vec<u8>> {
    let mut room = Vec::new();
    let bytes = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    room.try_reserve_exact(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::terms::SelfCheck;

    /// Two limits for reading files into memory. Under the first one, all files of the tests are
    /// read; under the second one, none.
    const WAYS: [u64; 2] = [1 << 30, 0];

    fn entry(content: &[u8]) -> ShardEntry {
        let (bytes, sha256) = (content.len() as u64, tropex_files::sha256(content));
        ShardEntry { file: "file".into(), points: 1, bytes, sha256, check: SelfCheck::empty() }
    }

    #[test]
    fn bytes_equal_those_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let long: Vec<u8> = (0..2 * CHUNK + 3).map(|index| (index % 251) as u8).collect();
        for content in [&b""[..], b"x", &long] {
            fs::write(&path, content).unwrap();
            for in_memory in WAYS {
                let found = ShardContent::open(&path, &entry(content), in_memory).unwrap();
                assert_eq!(found.read(0..content.len()).unwrap(), content);
                let middle = content.len() / 3..content.len() / 2;
                assert_eq!(found.read(middle.clone()).unwrap(), content[middle]);
            }
        }
    }

    #[test]
    fn truncating_a_file_while_it_is_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content = vec![7; 100_000];
        for (in_memory, is_whole) in WAYS.into_iter().zip([true, false]) {
            fs::write(&path, &content).unwrap();
            let found = ShardContent::open(&path, &entry(&content), in_memory).unwrap();
            File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
            match found.read(50_000..60_000) {
                Ok(bytes) => assert!(is_whole && bytes == content[50_000..60_000]),
                Err(error) => {
                    assert!(!is_whole && error.to_string().contains("while it was read"));
                }
            }
        }
    }

    #[test]
    fn a_replaced_or_removed_file_is_read_with_its_old_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for in_memory in WAYS {
            fs::write(&path, "before").unwrap();
            let found = ShardContent::open(&path, &entry(b"before"), in_memory).unwrap();
            tropex_files::replace(&path, b"after!").unwrap();
            fs::remove_file(&path).unwrap();
            assert_eq!(found.read(0..6).unwrap(), "before");
        }
    }

    #[test]
    fn a_file_that_does_not_match_its_entry_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        for in_memory in WAYS {
            let refused = |entry: &ShardEntry, path: &Path| {
                ShardContent::open(path, entry, in_memory).unwrap_err().to_string()
            };
            assert!(refused(&entry(b"tex"), &path).contains("4 bytes, but the manifest says 3"));
            assert!(refused(&entry(b"tent"), &path).contains("does not match its checksum"));
            let absent = refused(&entry(b"text"), Path::new("none/file"));
            assert!(absent.starts_with("cannot read none/file: "), "{absent}");
        }
    }
}
