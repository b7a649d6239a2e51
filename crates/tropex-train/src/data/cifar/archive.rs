//! The published archive, read without unpacking it to disk.

use std::io::{self, BufRead, Read};

use super::super::gzip::{self, Gunzip};
use super::batch::{CifarBatch, unreadable};
use super::error::CifarError;
use super::limits::{BATCHES, MAX_UNPACKED};

/// Name of the archive in errors.
const PART: &str = "the archive";

/// Reads the six batches, and the archive to its end.
pub(super) fn read_archive(mut file: impl BufRead) -> Result<[CifarBatch; 6], CifarError> {
    let start = file.fill_buf().map_err(unreadable(PART))?;
    if let Some(reason) = tropex_files::lfs_pointer(start) {
        return Err(CifarError::Pointer { part: PART, reason });
    }
    if !start.starts_with(&gzip::MAGIC) {
        return Err(CifarError::Magic { found: start[..start.len().min(2)].to_vec() });
    }
    let mut archive = tar::Archive::new(Gunzip::new(file).take(MAX_UNPACKED));
    let batches = read_entries(&mut archive)?;
    // Gzip's checksum follows the last entry of the archive.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(unreadable(PART))?;
    if rest.limit() == 0 {
        return Err(CifarError::TooLarge);
    }
    match batches.iter().position(|batch| batch.labels.is_empty()) {
        Some(i) => Err(CifarError::Lacking { batch: BATCHES[i] }),
        None => Ok(batches),
    }
}

fn read_entries(archive: &mut tar::Archive<impl Read>) -> Result<[CifarBatch; 6], CifarError> {
    let mut batches: [CifarBatch; 6] = Default::default();
    // Raw entries: `tar` would read a long file name of any length into memory.
    for entry in archive.entries().map_err(unreadable(PART))?.raw(true) {
        let entry = entry.map_err(unreadable(PART))?;
        let name = entry.path().ok().and_then(|path| Some(path.file_name()?.to_os_string()));
        let Some(i) = BATCHES.iter().position(|batch| name.as_deref() == Some(batch.as_ref()))
        else {
            continue;
        };
        let batch = BATCHES[i];
        if !batches[i].labels.is_empty() {
            return Err(CifarError::Twice { batch });
        }
        batches[i] = CifarBatch::read(batch, entry.size(), entry)?;
    }
    Ok(batches)
}
