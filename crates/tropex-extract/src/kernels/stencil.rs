//! Convolutions and their transposes, cell by cell.

#[cfg(feature = "flex")]
use std::sync::OnceLock;

use burn::tensor::Tensor;

use super::Neighbours;
#[cfg(feature = "flex")]
use super::{Panels, kept};

/// What every cell of an output sees of an input, and how it weighs it: a convolution or a transposed
/// one, over any number of axes, without groups of channels.
#[derive(Debug)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(crate) struct Stencil {
    pub(super) neighbours: Neighbours,
    /// Channels of input and output.
    pub(super) channels: [usize; 2],
    /// `[kernel * inputs, outputs]`
    weight: Tensor<2>,
    #[cfg(feature = "flex")]
    wide: OnceLock<Panels>,
    #[cfg(feature = "flex")]
    narrow: OnceLock<Panels>,
    #[cfg(feature = "flex")]
    by_output: OnceLock<Tensor<2>>,
}

impl Stencil {
    /// `weight` is `[kernel * inputs, outputs]`.
    pub(crate) fn new(neighbours: Neighbours, channels: [usize; 2], weight: Tensor<2>) -> Self {
        Self {
            neighbours,
            channels,
            weight,
            #[cfg(feature = "flex")]
            wide: OnceLock::new(),
            #[cfg(feature = "flex")]
            narrow: OnceLock::new(),
            #[cfg(feature = "flex")]
            by_output: OnceLock::new(),
        }
    }
}

#[cfg(feature = "flex")]
impl Stencil {
    /// The weights in wide panels.
    pub(super) fn wide(&self) -> &Panels {
        kept(&self.wide, || Panels::wide(self.weight.clone()))
    }

    /// The weights in panels of few columns.
    pub(super) fn narrow(&self) -> &Panels {
        kept(&self.narrow, || Panels::narrow(self.weight.clone(), super::simd::TOGETHER))
    }

    /// The weights `[outputs, kernel * inputs]`.
    pub(super) fn by_output(&self) -> &Tensor<2> {
        kept(&self.by_output, || {
            let weight = self.weight.clone().transpose().into_data();
            Tensor::from_data(weight, (&self.weight.device(), self.weight.dtype()))
        })
    }

    /// Numbers of a point at the input.
    pub(super) fn inputs(&self) -> usize {
        self.channels[0] * self.neighbours.inputs()
    }

    /// Numbers of a point at the output.
    pub(super) fn outputs(&self) -> usize {
        self.channels[1] * self.neighbours.outputs()
    }

    /// Multiplications for a point.
    pub(super) fn multiplications(&self) -> usize {
        self.neighbours.meetings() * self.channels[0] * self.channels[1]
    }
}
