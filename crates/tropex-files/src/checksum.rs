//! Checksums as text.

use sha2::{Digest, Sha256};

/// SHA-256 of some bytes, as `sha256sum` prints it.
///
/// ```
/// assert!(tropex_files::sha256(b"").starts_with("e3b0c442"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
///
/// ```
/// assert_eq!(tropex_files::hex(&[0, 171]), "00ab");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
