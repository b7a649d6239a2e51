//! Why a module cannot be captured, other than by its operations.

use thiserror::Error;

/// Why a module cannot be captured, for a reason that is not a single operation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The shape of a point does not fit the forward pass.
    #[error(
        "input shape {shape:?} has {} axes, but forward takes Tensor<{axes}>: give the {} extents \
         of one point, none of them 0, without the axis of points",
        shape.len(), axes - 1
    )]
    InputShape {
        /// The shape of a point.
        shape: Vec<usize>,
        /// Number of axes of the tensor that the forward pass takes.
        axes: usize,
    },
    /// The forward pass panicked.
    #[error("its forward panicked on an input of shape {shape:?}; {advice} ({message})")]
    Panicked {
        /// The shape of the input.
        shape: Vec<usize>,
        /// What the message suggests.
        advice: &'static str,
        /// The message of the panic, in one line.
        message: String,
    },
    /// Burn could not record the forward pass.
    #[error("{0}")]
    Recording(String),
    /// The operations depend on the number of points.
    #[error("its forward does other operations for other numbers of points")]
    DependsOnCount,
    /// The output is a constant.
    #[error("its output does not depend on its input")]
    ConstantOutput,
    /// The output is not one row of logits per point.
    #[error("its output has shape [points, {}], expected logits [points, classes]", extents(shape))]
    OutputShape {
        /// The shape of the output for one point.
        shape: Vec<usize>,
    },
    /// The forward pass gives numbers that are not finite.
    #[error(
        "its forward gives numbers that are not finite at points in [-1, 1); are its parameters \
         too large for {dtype}?"
    )]
    NotFinite {
        /// The type of its numbers.
        dtype: String,
    },
    /// The recorded operations cannot be computed in f64.
    #[error("its operations cannot be checked in f64: {0}")]
    Unchecked(String),
}

/// `3, 8, 8`
fn extents(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
