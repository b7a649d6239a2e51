//! The hyperplane arrangement of one convolution with generic weights.
//!
//! At every position `(i, j)` there are `d_1` hyperplanes, which depend only on the inputs `S_ij`
//! of the window.

use crate::structure::WindowAxis;
use crate::{BoundError, ConvShape};

/// The hyperplanes of all filters at all positions of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowArrangement {
    pub(super) channels: usize,
    pub(super) filters: usize,
    pub(super) axes: [WindowAxis; 2],
}

impl WindowArrangement {
    /// The arrangement of a convolution, if published formulas hold for it.
    pub(super) fn of(shape: &ConvShape) -> Result<Self, BoundError> {
        match shape.unusual() {
            Some(unusual) => Err(BoundError::not_applicable(format!("convolution with {unusual}"))),
            None => Ok(Self {
                channels: shape.channels(),
                filters: shape.filters(),
                axes: shape.axes(),
            }),
        }
    }

    pub(super) fn positions(&self) -> usize {
        self.axes[0].positions * self.axes[1].positions
    }
}
