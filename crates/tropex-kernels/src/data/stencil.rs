//! Convolutions and transposed convolutions as stencils.

use burn::tensor::Tensor;

use crate::simd::PackedStencil;
use crate::sparsity::SparsityPattern;

/// A convolution or transposed convolution over any number of axes, without groups of channels: the
/// taps of every output cell, and the weights.
#[derive(Debug)]
pub struct Stencil {
    pattern: SparsityPattern,
    channels: [usize; 2],
    weight: Tensor<2>,
    packed: PackedStencil,
}

impl Stencil {
    /// A stencil from its pattern, its input and output channels, and its weight.
    ///
    /// # Shapes
    /// - weight: `[kernel cells * input channels, output channels]`
    pub fn new(pattern: SparsityPattern, channels: [usize; 2], weight: Tensor<2>) -> Self {
        Self { pattern, channels, weight, packed: PackedStencil::default() }
    }

    /// Which input cells every output cell reads.
    pub fn pattern(&self) -> &SparsityPattern {
        &self.pattern
    }

    /// Numbers of input and output channels.
    pub fn channels(&self) -> [usize; 2] {
        self.channels
    }

    /// The weight `[kernel cells * input channels, output channels]`.
    pub fn weight(&self) -> &Tensor<2> {
        &self.weight
    }

    /// Number of input features.
    pub fn inputs(&self) -> usize {
        self.channels[0] * self.pattern.inputs()
    }

    /// Number of output features.
    pub fn outputs(&self) -> usize {
        self.channels[1] * self.pattern.outputs()
    }

    /// Number of multiplications for one point.
    pub fn multiplications(&self) -> usize {
        self.pattern.taps() * self.channels[0] * self.channels[1]
    }
}

/// The layouts that the `flex` implementation reads, filled when they are first needed.
impl AsRef<PackedStencil> for Stencil {
    fn as_ref(&self) -> &PackedStencil {
        &self.packed
    }
}
