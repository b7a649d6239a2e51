//! Bytes of files.

use std::io::{self, Read};

/// Bytes at the start of a file that identify its kind.
pub(super) const START: usize = 512;

/// Bytes of a block in copies.
pub(super) const BLOCK: u64 = 1 << 16;

/// Reads a number of bytes. Memory grows with the bytes that arrive.
pub(super) fn read_exactly(reader: &mut impl Read, bytes: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    read.try_reserve_exact(bytes.min(BLOCK as usize))?;
    while read.len() < bytes {
        let wanted = (bytes - read.len()).min(read.len().max(BLOCK as usize));
        read.try_reserve_exact(wanted)?;
        if reader.by_ref().take(wanted as u64).read_to_end(&mut read)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(read)
}
