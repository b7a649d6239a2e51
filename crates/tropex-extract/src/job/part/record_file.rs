//! Files of a part that carry their own checksum: a line with the SHA-256 of the rest, a line of
//! JSON, and bytes.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tropex_files::{checked, is_absent, with_checksum};

use crate::Error;
use crate::store::files;

/// The content of the record file at a path.
fn encode(path: &Path, header: &impl Serialize, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let failed = |error: serde_json::Error| Error::io("write", path)(error.into());
    let header = serde_json::to_vec(header).map_err(failed)?;
    Ok(with_checksum(&[&header, b"\n", payload]))
}

/// Header and bytes of the content of a record file; `None` if the content is damaged.
fn decode<H: DeserializeOwned>(mut content: Vec<u8>) -> Option<(H, Vec<u8>)> {
    let body = checked(&content)?;
    let end = body.iter().position(|&byte| byte == b'\n')?;
    let header = serde_json::from_slice(&body[..end]).ok()?;
    let payload = content.len() - body.len() + end + 1;
    content.drain(..payload);
    Some((header, content))
}

/// What is at the path of a record file.
#[derive(Debug, PartialEq)]
pub(super) enum Record<H> {
    Absent,
    Damaged,
    Intact(H, Vec<u8>),
}

/// Reads a record file.
///
/// # Errors
/// A file that exists and cannot be read.
pub(super) fn read<H: DeserializeOwned>(path: &Path) -> Result<Record<H>, Error> {
    let content = match tropex_files::read(path) {
        Err(error) if is_absent(&error) => return Ok(Record::Absent),
        read => read.map_err(Error::io("read", path))?,
    };
    Ok(match decode(content) {
        Some((header, payload)) => Record::Intact(header, payload),
        None => Record::Damaged,
    })
}

/// Writes a record file unless an intact one exists.
///
/// # Errors
/// The file cannot be written.
pub(super) fn publish<H: Serialize + DeserializeOwned>(
    path: &Path,
    header: &H,
    payload: &[u8],
) -> Result<(), Error> {
    let content = encode(path, header, payload)?;
    let is_new = tropex_files::create(path, &content).map_err(Error::io("write", path))?;
    match is_new || !matches!(read::<H>(path)?, Record::Damaged) {
        true => Ok(()),
        false => replace(path, header, payload),
    }
}

/// Writes a record file, in place of an earlier one.
///
/// # Errors
/// The file cannot be written.
pub(super) fn replace(path: &Path, header: &impl Serialize, payload: &[u8]) -> Result<(), Error> {
    files::write(path, &encode(path, header, payload)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_record_is_written_once_and_repaired() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let found = || read::<u32>(&path).unwrap();
        assert_eq!(found(), Record::Absent);
        publish(&path, &7_u32, b"first\nlines").unwrap();
        publish(&path, &8_u32, b"second").unwrap();
        assert_eq!(found(), Record::Intact(7, b"first\nlines".to_vec()));
        let content = fs::read(&path).unwrap();
        for index in [0, 64, 65, content.len() - 1] {
            let mut damaged = content.clone();
            damaged[index] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(found(), Record::Damaged, "byte {index}");
        }
        fs::write(&path, &content[..content.len() - 1]).unwrap();
        assert_eq!(found(), Record::Damaged);
        publish(&path, &8_u32, b"").unwrap();
        assert_eq!(found(), Record::Intact(8, Vec::new()));
    }
}
