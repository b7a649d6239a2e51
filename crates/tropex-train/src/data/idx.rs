//! IDX files of bytes, the format of MNIST: plain or compressed with gzip.
//!
//! A file is `0, 0, type, rank`, one big-endian u32 per dimension, and the elements. The header is
//! compared with the expected shape before memory is allocated, and at most the announced bytes are
//! decompressed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::error::DataError;
use super::gzip::{self, Gunzip};
use super::idx_error::{IdxError, MAX_COUNT};
use super::regular_file;
use crate::memory::InsufficientMemory;

const UNSIGNED_BYTE: u8 = 0x08;
/// Ratio of elements and bytes of a file up to which memory is allocated at once: photographs are
/// compressed by less.
const LIKELY_GROWTH: u64 = 4;

/// Type codes of the format: i8, i16, i32, f32 and f64.
const OTHER_TYPES: [u8; 5] = [0x09, 0x0b, 0x0c, 0x0d, 0x0e];

/// Pixels of a file of images `[count, height, width]`, row by row, image by image.
pub(crate) fn read_images(path: &Path, extents: [usize; 2]) -> Result<Vec<u8>, DataError> {
    read_file(path, &extents)
}

/// Labels of a file `[count]`.
pub(crate) fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    read_file(path, &[])
}

fn read_file(path: &Path, extents: &[usize]) -> Result<Vec<u8>, DataError> {
    let (file, length) = regular_file::open(path)?;
    read(BufReader::with_capacity(1 << 16, file), length, extents)
        .map_err(|problem| DataError::Idx { path: path.to_path_buf(), problem })
}

/// Reads the elements of a file of `length` bytes whose dimensions after the first are `extents`.
pub(crate) fn read(
    mut source: impl BufRead,
    length: u64,
    extents: &[usize],
) -> Result<Vec<u8>, IdxError> {
    let start = source.fill_buf().map_err(IdxError::Read)?;
    if let Some(reason) = tropex_files::lfs_pointer(start) {
        return Err(IdxError::Pointer(reason));
    }
    if start.starts_with(&gzip::MAGIC) {
        let most = length.saturating_mul(gzip::MOST_GROWTH);
        read_plain(Gunzip::new(source), length, most, extents)
    } else {
        read_plain(source, length, length, extents)
    }
}

/// Reads an uncompressed stream of at most `most` bytes, from a file of `length` bytes.
fn read_plain(
    mut source: impl Read,
    length: u64,
    most: u64,
    extents: &[usize],
) -> Result<Vec<u8>, IdxError> {
    let count = read_header(&mut source, extents)?;
    let expected = count * extents.iter().product::<usize>();
    if expected as u64 > most && most > length {
        return Err(IdxError::TooSmall { expected: expected as u64, found: length });
    }
    InsufficientMemory::require(expected as u64).map_err(IdxError::Memory)?;
    // One more byte than announced, to find trailing bytes.
    let likely = length.saturating_mul(LIKELY_GROWTH).try_into().unwrap_or(usize::MAX);
    let elements = read_up_to(&mut source, expected + 1, likely)?;
    match elements.len() {
        found if found < expected => Err(IdxError::Truncated { part: "elements", found, expected }),
        found if found > expected => Err(IdxError::Trailing { expected }),
        _ => Ok(elements),
    }
}

/// Checks the header and returns the number of items.
fn read_header(source: &mut impl Read, extents: &[usize]) -> Result<usize, IdxError> {
    let rank = 1 + extents.len();
    let magic: [u8; 4] = read_array(source)?;
    match magic {
        [0, 0, UNSIGNED_BYTE, found] if usize::from(found) == rank => {}
        [0, 0, UNSIGNED_BYTE, found @ 1..=4] => {
            return Err(IdxError::Rank { found: found.into(), rank });
        }
        [0, 0, found, _] if OTHER_TYPES.contains(&found) => {
            return Err(IdxError::ElementType { found });
        }
        found => return Err(IdxError::Magic { found, rank }),
    }
    let count = read_extent(source)?;
    if count == 0 || count > MAX_COUNT {
        return Err(IdxError::Items { found: count as u64 });
    }
    let found = extents.iter().map(|_| read_extent(source)).collect::<Result<Vec<_>, _>>()?;
    if found != extents {
        return Err(IdxError::Extents { found, expected: extents.to_vec() });
    }
    Ok(count)
}

fn read_extent(source: &mut impl Read) -> Result<usize, IdxError> {
    Ok(u32::from_be_bytes(read_array(source)?) as usize)
}

fn read_array(source: &mut impl Read) -> Result<[u8; 4], IdxError> {
    let bytes = read_up_to(source, 4, 4)?;
    <[u8; 4]>::try_from(bytes.as_slice()).map_err(|_| IdxError::Truncated {
        part: "a header field",
        found: bytes.len(),
        expected: 4,
    })
}

/// Reads at most `limit` bytes. The buffer begins with room for `likely` bytes, and grows with the
/// bytes that arrive, not with `limit`.
fn read_up_to(source: &mut impl Read, limit: usize, likely: usize) -> Result<Vec<u8>, IdxError> {
    let mut bytes = Vec::with_capacity(limit.min(likely));
    source.take(limit as u64).read_to_end(&mut bytes).map_err(IdxError::Read)?;
    Ok(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::super::mutations::mutations;
    use super::*;

    /// An IDX file of bytes as the format describes it.
    pub(crate) fn idx_file(extents: &[u32], elements: &[u8]) -> Vec<u8> {
        let mut file = vec![0, 0, UNSIGNED_BYTE, extents.len() as u8];
        extents.iter().for_each(|extent| file.extend(extent.to_be_bytes()));
        file.extend(elements);
        file
    }

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn elements(file: &[u8], extents: &[usize]) -> Result<Vec<u8>, IdxError> {
        read(file, file.len() as u64, extents)
    }

    fn message(file: &[u8], extents: &[usize]) -> String {
        read(file, file.len() as u64, extents).unwrap_err().to_string()
    }

    #[test]
    fn reads_plain_and_compressed_files() {
        let pixels: Vec<u8> = (0..12).collect();
        let file = idx_file(&[2, 3, 2], &pixels);
        assert_eq!(elements(&file, &[3, 2]).unwrap(), pixels);
        assert_eq!(elements(&gzip(&file), &[3, 2]).unwrap(), pixels);
        assert_eq!(elements(&idx_file(&[3], &[7, 0, 9]), &[]).unwrap(), [7, 0, 9]);
    }

    #[test]
    fn refuses_other_files() {
        assert!(message(b"", &[]).contains("ends after 0 bytes of a header field"));
        assert!(message(b"hello world", &[]).contains("starts with [68, 65, 6c, 6c]"));
        assert!(message(&[0, 0, 0x0d, 1, 0, 0, 0, 1], &[]).contains("type 0x0d"));
        assert!(message(&idx_file(&[1], &[0]), &[3, 2]).contains("1 dimensions, expected 3"));
    }

    #[test]
    fn refuses_wrong_sizes() {
        let file = idx_file(&[2, 3, 2], &[0; 12]);
        assert!(message(&file, &[28, 28]).contains("[3, 2], expected [28, 28]"));
        assert!(message(&file[..20], &[3, 2]).contains("4 bytes of elements, expected 12"));
        assert!(message(&file[..6], &[3, 2]).contains("2 bytes of a header field"));
        let long = [file.as_slice(), &[1]].concat();
        assert!(message(&long, &[3, 2]).contains("after the 12"));
        assert!(message(&gzip(&long), &[3, 2]).contains("after the 12"));
    }

    #[test]
    fn refuses_impossible_counts() {
        let file = idx_file(&[u32::MAX, 28, 28], &[0; 10]);
        assert!(message(&file, &[28, 28]).contains("claims 4294967295 items"));
        assert!(message(&idx_file(&[0], &[]), &[]).contains("claims 0 items"));
        // A tiny file that announces many images must give an error, without 784 MB of memory.
        let file = idx_file(&[1_000_000, 28, 28], &[0; 10]);
        assert!(message(&file, &[28, 28]).contains("10 bytes of elements"));
    }

    #[test]
    fn refuses_damaged_compression() {
        let whole = gzip(&idx_file(&[500], &(0..500).map(|i| i as u8).collect::<Vec<_>>()));
        for end in [10, whole.len() / 2, whole.len() - 1] {
            assert!(elements(&whole[..end], &[]).is_err(), "cut at {end}");
        }
        let mut flipped = whole.clone();
        let last = flipped.len() - 5;
        flipped[last] ^= 1; // the checksum at the end of the stream
        assert!(message(&flipped, &[]).contains("cannot be read to its end"));
    }

    #[test]
    fn a_small_file_cannot_announce_many_bytes() {
        let file = gzip(&idx_file(&[1_000_000, 28, 28], &[0; 10]));
        let text = message(&file, &[28, 28]);
        assert!(text.contains("announces 784000000 bytes, which do not fit"), "{text}");
    }

    #[test]
    fn git_lfs_pointers_are_recognised() {
        let text = message(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", &[]);
        assert!(text.contains("Git LFS pointer") && text.contains("git lfs pull"), "{text}");
    }

    #[test]
    fn damaged_files_are_read_without_harm() {
        let whole = idx_file(&[60, 2, 3], &(0..=255).cycle().take(360).collect::<Vec<u8>>());
        for whole in [whole.clone(), gzip(&whole)] {
            for damaged in mutations(&whole, 300) {
                let most = gzip::MOST_GROWTH as usize * damaged.len();
                let found = elements(&damaged, &[2, 3]).unwrap_or_default();
                assert!(found.len().is_multiple_of(6) && found.len() <= most);
                let _ = elements(&damaged, &[]);
            }
        }
    }

    #[test]
    fn decompresses_no_more_than_announced() {
        let bomb = gzip(&[idx_file(&[5], &[0; 5]), vec![0; 50_000_000]].concat());
        assert!(message(&bomb, &[]).contains("after the 5"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            compressed: bool,
            header: bool,
        ) {
            let file = if header { idx_file(&[7, 2, 2], &bytes) } else { bytes };
            let file = if compressed { gzip(&file) } else { file };
            let _ = elements(&file, &[2, 2]);
            let _ = elements(&file, &[]);
        }

        #[test]
        fn any_bytes_after_a_gzip_header_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let _ = elements(&[&gzip(&[])[..10], &bytes].concat(), &[]);
        }
    }
}
