//! Errors of layers in a line.

use thiserror::Error;

/// A text that is not a line of layers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("layer {position} (`{item}`): {problem}")]
#[non_exhaustive]
pub struct ParseLayersError {
    /// Position in the line, from 1.
    pub position: usize,
    /// The text of the layer.
    pub item: String,
    /// What is wrong, and what was expected.
    pub problem: String,
}

/// A layer that does not fit its input.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "layer {position} (`{layer}`) does not fit its input of {}x{}x{} (images of {}x{}x{}): {problem}",
    input[0], input[1], input[2], images[0], images[1], images[2]
)]
#[non_exhaustive]
pub struct LayerMisfit {
    /// Position in the line, from 1.
    pub position: usize,
    /// The layer.
    pub layer: String,
    /// `[channels, height, width]` of the input of the layer.
    pub input: [usize; 3],
    /// `[channels, height, width]` of the images.
    pub images: [usize; 3],
    /// Why it does not fit.
    pub problem: LayerProblem,
}

/// Why a layer does not fit its input.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerProblem {
    /// A window is larger than the plane that it reads.
    #[error(
        "its windows of {}x{} are larger, expected at most {}x{}; take smaller windows, more \
         padding or larger images", kernel[0], kernel[1], padded[0], padded[1]
    )]
    Window {
        /// Rows and columns of a window.
        kernel: [usize; 2],
        /// Rows and columns of the input with its padding.
        padded: [usize; 2],
    },
    /// The output has more values than any network computes.
    #[error(
        "its output has more than {most} values; take fewer filters, larger strides or less padding"
    )]
    Values {
        /// Most values.
        most: usize,
    },
    /// The layer has more parameters than any memory holds.
    #[error("it has more than {most} parameters; take fewer filters or smaller windows")]
    Parameters {
        /// Most parameters.
        most: usize,
    },
}
