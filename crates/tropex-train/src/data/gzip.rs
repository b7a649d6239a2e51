//! Gzip files as the program `gzip` reads them: several members, any header, zeros after the end.
//!
//! The checksum of every member is verified at its end. Only zeros may follow the last member, as
//! padding of tapes and disks.

use std::io::{self, BufRead, ErrorKind, Read};
use std::mem;

use flate2::bufread::GzDecoder;

/// First bytes of a gzip file.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Largest ratio of decompressed and compressed bytes of Deflate (zlib's documentation).
pub(crate) const MOST_GROWTH: u64 = 1032;

/// The decompressed content of a gzip file.
pub(crate) struct Gunzip<R>(GunzipState<R>);

enum GunzipState<R> {
    Member(Box<GzDecoder<R>>),
    End,
}

impl<R: BufRead> Gunzip<R> {
    pub(crate) fn new(source: R) -> Self {
        Self(GunzipState::Member(Box::new(GzDecoder::new(source))))
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let GunzipState::Member(member) = &mut self.0 {
                let length = member.read(buffer)?;
                if length > 0 {
                    return Ok(length);
                }
            }
            self.0 = match mem::replace(&mut self.0, GunzipState::End) {
                GunzipState::Member(member) => next_member(member.into_inner())?,
                GunzipState::End => return Ok(0),
            };
        }
    }
}

fn next_member<R: BufRead>(mut source: R) -> io::Result<GunzipState<R>> {
    let mut padded = false;
    loop {
        let bytes = source.fill_buf()?;
        let Some(first) = bytes.first() else { return Ok(GunzipState::End) };
        match (bytes.iter().position(|&byte| byte != 0), padded) {
            (None, _) => {
                let length = bytes.len();
                source.consume(length);
                padded = true;
            }
            (Some(0), false) if *first == MAGIC[0] => {
                return Ok(GunzipState::Member(Box::new(GzDecoder::new(source))));
            }
            _ => {
                let reason = "other data follow after the end of the gzip stream";
                return Err(io::Error::new(ErrorKind::InvalidData, reason));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    use super::super::mutations::mutations;
    use super::*;

    fn unzipped(file: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        // A buffer of a few bytes, so that the test meets every boundary.
        Gunzip::new(io::BufReader::with_capacity(5, file)).read_to_end(&mut content)?;
        Ok(content)
    }

    /// A member with all parts of a header: a name, a comment, an extra field, a date.
    fn member(content: &[u8]) -> Vec<u8> {
        let builder = GzBuilder::new().filename("name").comment("comment").extra("extra").mtime(7);
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// A member with a checksum of its header: flag FHCRC, the lower half of the CRC-32.
    fn member_with_header_checksum(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let mut file = encoder.finish().unwrap();
        file[3] |= 2;
        let mut crc = flate2::Crc::new();
        crc.update(&file[..10]);
        file.splice(10..10, (crc.sum() as u16).to_le_bytes());
        file
    }

    #[test]
    fn members_in_a_row_are_one_content() {
        let file = [member(b"one, "), member(b""), member_with_header_checksum(b"two")].concat();
        assert_eq!(unzipped(&file).unwrap(), b"one, two");
    }

    #[test]
    fn only_zeros_may_follow_the_end() {
        for zeros in [1, 4, 5, 1000] {
            let padded = [member(b"content"), vec![0; zeros]].concat();
            assert_eq!(unzipped(&padded).unwrap(), b"content");
            let other = [padded, b"x".to_vec()].concat();
            assert!(unzipped(&other).unwrap_err().to_string().contains("other data follow"));
        }
        let other = [member(b"content"), b"more".to_vec()].concat();
        assert!(unzipped(&other).unwrap_err().to_string().contains("other data follow"));
    }

    #[test]
    fn every_byte_of_the_checksums_is_checked() {
        let first = member(b"some content");
        for file in [first.clone(), [first.clone(), member(b"more")].concat()] {
            for at in first.len() - 8..first.len() {
                let mut damaged = file.clone();
                damaged[at] ^= 1;
                assert!(unzipped(&damaged).is_err(), "byte {at}");
            }
            for cut in 1..=8 {
                assert!(unzipped(&file[..file.len() - cut]).is_err(), "{cut} bytes less");
            }
        }
        let mut header = member_with_header_checksum(b"content");
        header[10] ^= 1;
        assert!(unzipped(&header).is_err());
    }

    #[test]
    fn damaged_files_are_read_without_harm() {
        let whole = [member(&[7; 500]), member_with_header_checksum(b"end")].concat();
        for damaged in mutations(&whole, 300) {
            let content = unzipped(&damaged).unwrap_or_default();
            assert!(content.len() as u64 <= MOST_GROWTH * damaged.len() as u64);
        }
    }
}
