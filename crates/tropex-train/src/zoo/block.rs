//! The blocks that classifiers are made of.

use burn::module::Module;
use burn::nn::activation::Activation;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;

/// A convolution, then batch norm where there is one, then the activation.
#[derive(Module, Debug)]
pub struct ConvBlock {
    pub(super) conv: Conv2d,
    pub(super) norm: Option<BatchNorm>,
    pub(super) activation: Activation,
}

impl ConvBlock {
    /// Maps `[n, channels, height, width]` to `[n, filters, height', width']`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let output = self.conv.forward(input);
        let output = match &self.norm {
            Some(norm) => norm.forward(output),
            None => output,
        };
        self.activation.forward(output)
    }
}

/// A block between images and the flattened features: `[n, c, h, w]` to `[n, c', h', w']`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a network has a handful of blocks
pub enum FeatureBlock {
    /// Convolution, batch norm, activation.
    Conv(ConvBlock),
    /// Maximum over windows.
    MaxPool(MaxPool2d),
    /// Mean over windows.
    AveragePool(AvgPool2d),
}

impl FeatureBlock {
    /// Applies the block to `[n, c, h, w]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(block) => block.forward(input),
            Self::MaxPool(pool) => pool.forward(input),
            Self::AveragePool(pool) => pool.forward(input),
        }
    }
}

/// A fully connected layer; the last one of a network has no activation.
#[derive(Module, Debug)]
pub struct DenseBlock {
    pub(super) linear: Linear,
    pub(super) activation: Option<Activation>,
}

impl DenseBlock {
    /// Maps `[n, inputs]` to `[n, outputs]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let output = self.linear.forward(input);
        match &self.activation {
            Some(activation) => activation.forward(output),
            None => output,
        }
    }
}

/// An image classifier: feature blocks on images, then dense blocks on what they leave.
///
/// Made by [`Architecture::init`](super::Architecture::init). Nothing in `forward` depends on
/// the values or on the number of images, so Burn can capture it as a graph.
#[derive(Module, Debug)]
pub struct Classifier {
    pub(super) features: Vec<FeatureBlock>,
    pub(super) dense: Vec<DenseBlock>,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) classes: usize,
}

impl Classifier {
    /// Logits `[n, classes]` of images `[n, channels, height, width]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let features = self.features.iter().fold(images, |values, block| block.forward(values));
        let flat = features.flatten::<2>(1, 3);
        self.dense.iter().fold(flat, |values, block| block.forward(values))
    }

    /// `[channels, height, width]` of the images it reads.
    pub fn input_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Number of classes, the length of a row of logits.
    pub fn classes(&self) -> usize {
        self.classes
    }
}
