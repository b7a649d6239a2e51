//! Errors of architectures.

use thiserror::Error;

use super::layers::{LayerMisfit, ParseLayersError};
use super::limits::MAX_VALUES;
use super::network_too_large::NetworkTooLarge;

/// Why an architecture cannot be built.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// No architecture has this name.
    #[error("unknown architecture `{name}`{hint}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// A similar name, or nothing.
        hint: String,
    },
    /// A text is not a line of layers.
    #[error(transparent)]
    Text(#[from] ParseLayersError),
    /// A layer of a line does not fit its input.
    #[error(transparent)]
    Misfit(#[from] Box<LayerMisfit>),
    /// Pooling shrinks the images to less than one pixel.
    #[error(
        "images of {}x{}x{} are too small for {architecture}, which halves them to less than one \
         pixel; take larger images or a smaller architecture",
        shape[0], shape[1], shape[2]
    )]
    ImagesTooSmall {
        /// Name of the architecture.
        architecture: &'static str,
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The images have no pixels.
    #[error("images of {}x{}x{} have no pixels", shape[0], shape[1], shape[2])]
    EmptyImages {
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The images have more values than any network reads.
    #[error(
        "images of {}x{}x{}, expected at most {MAX_VALUES} values", shape[0], shape[1], shape[2]
    )]
    ImagesTooLarge {
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The network does not fit into memory.
    #[error(transparent)]
    TooLarge(#[from] NetworkTooLarge),
    /// The network has fewer than two classes.
    #[error("{classes} classes, expected at least 2")]
    TooFewClasses {
        /// Number of classes asked for.
        classes: usize,
    },
}
