//! The blocks that classifiers are made of.

use burn::module::Module;
use burn::nn::activation::Activation;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;

use super::dropout::Dropout;

/// A convolution, with optional batch norm and activation.
#[derive(Module, Debug)]
pub struct ConvBlock {
    pub(super) conv: Conv2d,
    pub(super) norm: Option<BatchNorm>,
    pub(super) activation: Option<Activation>,
}

impl ConvBlock {
    /// Maps `[n, channels, height, width]` to `[n, filters, height', width']`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let output = self.conv.forward(input);
        let output = match &self.norm {
            Some(norm) => norm.forward(output),
            None => output,
        };
        match &self.activation {
            Some(activation) => activation.forward(output),
            None => output,
        }
    }
}

/// Two convolutions beside a shortcut; the activation follows the sum.
///
/// The order of the fields is the order in which weights are numbered: the projection comes last.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    pub(super) first: ConvBlock,
    pub(super) second: ConvBlock,
    /// 1x1 convolution of the shortcut if the block changes the shape; otherwise the shortcut is
    /// the identity.
    pub(super) projection: Option<Conv2d>,
    pub(super) activation: Activation,
}

impl ResidualBlock {
    /// Maps `[n, channels, height, width]` to `[n, filters, height', width']`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.projection {
            Some(projection) => projection.forward(input.clone()),
            None => input.clone(),
        };
        let output = self.second.forward(self.first.forward(input));
        self.activation.forward(output + shortcut)
    }
}

/// A block between images and the flattened features: `[n, c, h, w]` to `[n, c', h', w']`.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // networks have few blocks
pub enum FeatureBlock {
    /// Convolution, batch norm, activation.
    Conv(ConvBlock),
    /// Convolutions with a shortcut.
    Residual(ResidualBlock),
    /// Maximum over windows.
    MaxPool(MaxPool2d),
    /// Mean over windows.
    AveragePool(AvgPool2d),
    /// Mean over the whole plane of each channel.
    GlobalAveragePool(AdaptiveAvgPool2d),
    /// Dropout, in training only.
    Dropout(Dropout),
}

impl FeatureBlock {
    /// Applies the block to `[n, c, h, w]` as in inference: dropout does nothing.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(block) => block.forward(input),
            Self::Residual(block) => block.forward(input),
            Self::MaxPool(pool) => pool.forward(input),
            Self::AveragePool(pool) => pool.forward(input),
            Self::GlobalAveragePool(pool) => pool.forward(input),
            Self::Dropout(_) => input,
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
