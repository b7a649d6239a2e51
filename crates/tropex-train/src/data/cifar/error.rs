//! Errors of files of CIFAR-10.

use std::io;

use thiserror::Error;

use super::limits::{MAX_RECORDS, MAX_UNPACKED, RECORD};
use crate::memory::InsufficientMemory;

/// Why a file is not a batch or the archive of CIFAR-10.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CifarError {
    /// A batch does not consist of whole records.
    #[error("{batch} has {found} bytes, expected 1 to {MAX_RECORDS} records of {RECORD} bytes")]
    Size {
        /// Name of the batch.
        batch: &'static str,
        /// Bytes of the batch.
        found: u64,
    },
    /// A record's label names no class.
    #[error("{batch} has label {label} in record {record}, expected 0 to 9")]
    Label {
        /// Name of the batch.
        batch: &'static str,
        /// Index of the record.
        record: usize,
        /// Label in the record.
        label: u8,
    },
    /// The archive has no file with the name of a batch.
    #[error("the archive holds no {batch}")]
    Lacking {
        /// Name of the batch.
        batch: &'static str,
    },
    /// The archive has a batch twice.
    #[error("the archive holds {batch} twice")]
    Twice {
        /// Name of the batch.
        batch: &'static str,
    },
    /// The archive unpacks to more than any set of batches.
    #[error("the archive unpacks to more than {MAX_UNPACKED} bytes")]
    TooLarge,
    /// The archive is not compressed.
    #[error("the archive starts with {found:02x?}, expected the gzip header [1f, 8b]")]
    Magic {
        /// First bytes of the archive.
        found: Vec<u8>,
    },
    /// The images do not fit into memory.
    #[error(transparent)]
    Memory(InsufficientMemory),
    /// Git LFS left a pointer in place of a file.
    #[error("{part}: {reason}")]
    Pointer {
        /// Name of the batch, or `the archive`.
        part: &'static str,
        /// What the file is, and what to do.
        reason: &'static str,
    },
    /// A batch or the archive could not be read to its end.
    #[error("{part} cannot be read to its end: {error}")]
    Read {
        /// Name of the batch, or `the archive`.
        part: &'static str,
        /// Error of the system or the decompressor.
        error: io::Error,
    },
}
