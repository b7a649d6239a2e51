//! Checksums as text.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Bytes per read.
const CHUNK: usize = 1 << 16;

/// SHA-256 of bytes, in the form of `sha256sum`.
///
/// ```
/// assert!(tropex_files::sha256(b"").starts_with("e3b0c442"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of the rest of a reader, read in blocks.
///
/// ```
/// let whole = tropex_files::sha256_of(&b"text"[..])?;
/// assert_eq!(whole, tropex_files::sha256(b"text"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Errors of the reader.
pub fn sha256_of(mut reader: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(length) => hash.update(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes in lower-case hexadecimal.
///
/// ```
/// assert_eq!(tropex_files::hex(&[0, 171]), "00ab");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
