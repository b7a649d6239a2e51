//! Errors of safetensors files of the user's own.

use safetensors::{Dtype, SafeTensorError};
use thiserror::Error;

use super::images::ImagesError;
use crate::memory::InsufficientMemory;

/// Largest number of classes of a dataset. A larger label is an error in the file.
pub(super) const MAX_CLASSES: u32 = 100_000;

/// Why a safetensors file is not a set of labelled images.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It is not a safetensors file.
    #[error("not a safetensors file ({0}); write one with images [n,c,h,w] and labels [n]")]
    Format(SafeTensorError),
    /// A tensor is missing.
    #[error(
        "holds no tensor `{wanted}`, only {found}; expected `images` (or `points`) and `labels`, or \
         `train.images`, `train.labels`, `test.images` and `test.labels`"
    )]
    Lacking {
        /// The tensor's name.
        wanted: String,
        /// Names of the tensors in the file.
        found: String,
    },
    /// A tensor has the wrong type.
    #[error("`{name}` is {found}, expected {expected}; convert it")]
    Type {
        /// The tensor's name.
        name: String,
        /// Its type.
        found: Dtype,
        /// The types accepted.
        expected: &'static str,
    },
    /// A tensor has the wrong dimensions.
    #[error("`{name}` has shape {found:?}, expected {expected}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape expected.
        expected: String,
    },
    /// The channels seem to be the last axis.
    #[error(
        "`{name}` has shape {found:?}, which looks like channels last; expected [count, channels, \
         height, width]: convert it with numpy.transpose(images, (0, 3, 1, 2)), or choose the \
         layout nhwc to have it read so, or nchw if these really are {} channels of {}x{}",
        found[1], found[2], found[3]
    )]
    ChannelsLast {
        /// The tensor's name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// Git LFS left a pointer in its place.
    #[error("{0}")]
    Pointer(&'static str),
    /// The images do not fit into memory.
    #[error(transparent)]
    Memory(InsufficientMemory),
    /// A label is negative or too large.
    #[error("`{name}` holds {label} at position {index}, expected 0 to {}", MAX_CLASSES - 1)]
    Label {
        /// The tensor's name.
        name: String,
        /// Index of the label.
        index: usize,
        /// The label.
        label: i64,
    },
    /// A single image leaves nothing to hold out.
    #[error("`images` holds {found} images, expected 2 or more to hold one out as the test split")]
    TooFew {
        /// Number of images.
        found: usize,
    },
    /// Pixels are outside their range.
    #[error("`{name}`: {problem}")]
    Images {
        /// The tensor's name.
        name: String,
        /// What is wrong with the images.
        problem: ImagesError,
    },
}
