//! Errors of IDX files.

use std::io;

use thiserror::Error;

use crate::memory::InsufficientMemory;

/// Largest number of images or labels in a file.
pub(super) const MAX_COUNT: usize = 1_000_000;

/// Why a file is not an IDX file of the expected kind.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The file does not start like an IDX file.
    #[error("starts with {found:02x?}, expected the IDX header [00, 00, 08, {rank:02x}]")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
        /// Dimensions expected.
        rank: usize,
    },
    /// The elements are not bytes.
    #[error("holds elements of IDX type 0x{found:02x}, expected unsigned bytes (0x08)")]
    ElementType {
        /// The type code.
        found: u8,
    },
    /// The file has labels instead of images, or images instead of labels.
    #[error("has {found} dimensions, expected {rank}: are image and label files mixed up?")]
    Rank {
        /// Dimensions found.
        found: usize,
        /// Dimensions expected.
        rank: usize,
    },
    /// The number of items is 0 or larger than in any known dataset.
    #[error("claims {found} items, expected 1 to {MAX_COUNT}")]
    Items {
        /// Items announced.
        found: u64,
    },
    /// The items have another shape.
    #[error("holds items of extents {found:?}, expected {expected:?}")]
    Extents {
        /// Extents announced.
        found: Vec<usize>,
        /// Extents expected.
        expected: Vec<usize>,
    },
    /// The file ends too early.
    #[error("ends after {found} bytes of {part}, expected {expected}")]
    Truncated {
        /// `a header field` or `elements`.
        part: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// The file has bytes after its last element.
    #[error("has bytes after the {expected} that its header announces")]
    Trailing {
        /// Bytes announced.
        expected: usize,
    },
    /// The file is too small for the announced elements, even if compressed.
    #[error("announces {expected} bytes, which do not fit into a file of {found}")]
    TooSmall {
        /// Bytes announced.
        expected: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// The elements do not fit into memory.
    #[error(transparent)]
    Memory(InsufficientMemory),
    /// Git LFS left a pointer in its place.
    #[error("{0}")]
    Pointer(&'static str),
    /// The file cannot be read or decompressed.
    #[error("cannot be read to its end: {0}")]
    Read(io::Error),
}
