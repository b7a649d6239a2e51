//! Content that carries its own checksum: a line with the SHA-256 of the rest, and the rest.

use crate::checksum::sha256;

/// Bytes with a line before them that holds their checksum.
///
/// ```
/// let content = tropex_files::with_checksum(b"text");
/// assert_eq!(tropex_files::checked(&content), Some(&b"text"[..]));
/// assert_eq!(tropex_files::checked(&content[..content.len() - 1]), None);
/// ```
pub fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut content = sha256(bytes).into_bytes();
    content.push(b'\n');
    content.extend_from_slice(bytes);
    content
}

/// The bytes after the line with their checksum; `None` if the content is damaged.
pub fn checked(content: &[u8]) -> Option<&[u8]> {
    let end = content.iter().position(|&byte| byte == b'\n')?;
    let (checksum, bytes) = (&content[..end], &content[end + 1..]);
    (sha256(bytes).as_bytes() == checksum).then_some(bytes)
}
