//! One batch: records of a label and an image.

use std::io::{self, Read};

use super::error::CifarError;
use super::limits::{CLASSES, MAX_RECORDS, RECORD};
use crate::memory::InsufficientMemory;

/// Images and labels of one batch.
#[derive(Debug, Default)]
pub(super) struct CifarBatch {
    pub(super) pixels: Vec<u8>,
    pub(super) labels: Vec<u32>,
}

impl CifarBatch {
    /// Reads a batch of `length` bytes; `batch` is the name for errors.
    pub(super) fn read(
        batch: &'static str,
        length: u64,
        mut source: impl Read,
    ) -> Result<Self, CifarError> {
        let mut bytes = Vec::new();
        source.by_ref().take(64).read_to_end(&mut bytes).map_err(unreadable(batch))?;
        if let Some(reason) = tropex_files::lfs_pointer(&bytes) {
            return Err(CifarError::Pointer { part: batch, reason });
        }
        let record = RECORD as u64;
        if length == 0 || length > MAX_RECORDS as u64 * record || !length.is_multiple_of(record) {
            return Err(CifarError::Size { batch, found: length });
        }
        // The bytes, and as many again for the pixels copied out of them.
        InsufficientMemory::require(2 * length).map_err(CifarError::Memory)?;
        source
            .take(length + 1 - bytes.len() as u64)
            .read_to_end(&mut bytes)
            .map_err(unreadable(batch))?;
        if bytes.len() as u64 != length {
            return Err(CifarError::Size { batch, found: bytes.len() as u64 });
        }
        let mut read = Self::default();
        for (record, bytes) in bytes.chunks_exact(RECORD).enumerate() {
            let label = bytes[0];
            if usize::from(label) >= CLASSES {
                return Err(CifarError::Label { batch, record, label });
            }
            read.labels.push(label.into());
            read.pixels.extend_from_slice(&bytes[1..]);
        }
        Ok(read)
    }

    pub(super) fn joined(mut self, other: Self) -> Self {
        self.pixels.extend(other.pixels);
        self.labels.extend(other.labels);
        self
    }
}

/// Wraps an error of reading `part`, a batch or `the archive`.
pub(super) fn unreadable(part: &'static str) -> impl Fn(io::Error) -> CifarError {
    move |error| CifarError::Read { part, error }
}
