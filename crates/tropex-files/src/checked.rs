//! Content that carries its own checksum: a line with the SHA-256 of the rest, and the rest.

use crate::checksum::sha256;

/// Letters of a SHA-256.
const SUM: usize = 64;

/// Slices of bytes in a row, with a line before them that holds their checksum.
///
/// ```
/// let content = tropex_files::with_checksum(&[b"te", b"xt"]);
/// assert_eq!(tropex_files::checked(&content), Some(&b"text"[..]));
/// assert_eq!(tropex_files::checked(&content[..content.len() - 1]), None);
/// ```
pub fn with_checksum(slices: &[&[u8]]) -> Vec<u8> {
    let length: usize = slices.iter().map(|slice| slice.len()).sum();
    let mut content = Vec::with_capacity(SUM + 1 + length);
    content.extend([b'0'; SUM]);
    content.push(b'\n');
    slices.iter().for_each(|slice| content.extend_from_slice(slice));
    let sum = sha256(&content[SUM + 1..]);
    content[..SUM].copy_from_slice(sum.as_bytes());
    content
}

/// The bytes after the line with their checksum; `None` if the content is damaged.
pub fn checked(content: &[u8]) -> Option<&[u8]> {
    let (line, bytes) = content.split_at_checked(SUM + 1)?;
    let is_whole = line[SUM] == b'\n' && sha256(bytes).as_bytes() == &line[..SUM];
    is_whole.then_some(bytes)
}
