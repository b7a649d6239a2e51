//! The blocks that classifiers are made of.

use burn::module::Module;
use burn::nn::activation::Activation;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use rand_chacha::rand_core::Rng;
use tropex_kernels::row_major;

use super::dropout::Dropout;
use super::kernels::{activate, convolve, max_pool};

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
        let activation = self.activation.as_ref();
        match &self.norm {
            Some(norm) => {
                let output = row_major(convolve(&self.conv, None, input));
                activate(activation, norm.forward(output))
            }
            None => convolve(&self.conv, activation, input),
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
            Some(projection) => convolve(projection, None, input.clone()),
            None => input.clone(),
        };
        let output = self.second.forward(self.first.forward(input));
        self.activation.forward(row_major(output) + row_major(shortcut))
    }
}

/// Four branches on one input, whose outputs are concatenated along the channels (Szegedy et al.,
/// *Going Deeper with Convolutions*, 2015): convolutions of 1x1, of 3x3 and of 5x5, the last two
/// behind a 1x1 convolution, and max pooling with a 1x1 convolution behind it. The 5x5 convolution
/// is two of 3x3.
#[derive(Module, Debug)]
pub struct InceptionBlock {
    /// The convolutions of the first three branches.
    pub(super) branches: Vec<Vec<ConvBlock>>,
    pub(super) pool: MaxPool2d,
    /// The convolution behind the pooling.
    pub(super) pooled: ConvBlock,
}

impl InceptionBlock {
    /// Maps `[n, channels, height, width]` to `[n, channels', height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let along = |branch: &Vec<ConvBlock>| {
            let output = branch.iter().fold(input.clone(), |values, block| block.forward(values));
            row_major(output)
        };
        let mut outputs: Vec<_> = self.branches.iter().map(along).collect();
        outputs.push(row_major(self.pooled.forward(max_pool(&self.pool, input))));
        Tensor::cat(outputs, 1)
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
    /// Branches of convolutions and pooling.
    Inception(InceptionBlock),
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
            Self::Inception(block) => block.forward(input),
            Self::MaxPool(pool) => max_pool(pool, input),
            Self::AveragePool(pool) => pool.forward(row_major(input)),
            Self::GlobalAveragePool(pool) => pool.forward(row_major(input)),
            Self::Dropout(_) => input,
        }
    }

    /// The batch norms of the block.
    pub(super) fn norms_mut(&mut self) -> Vec<&mut BatchNorm> {
        let convs: Vec<&mut ConvBlock> = match self {
            Self::Conv(block) => vec![block],
            Self::Residual(block) => vec![&mut block.first, &mut block.second],
            Self::Inception(block) => {
                block.branches.iter_mut().flatten().chain([&mut block.pooled]).collect()
            }
            _ => Vec::new(),
        };
        convs.into_iter().filter_map(|block| block.norm.as_mut()).collect()
    }
}

/// A fully connected layer with optional batch norm, activation and dropout; the last one of a
/// network has none of these.
#[derive(Module, Debug)]
pub struct DenseBlock {
    pub(super) linear: Linear,
    pub(super) norm: Option<BatchNorm>,
    pub(super) activation: Option<Activation>,
    pub(super) dropout: Option<Dropout>,
}

impl DenseBlock {
    /// Maps `[n, inputs]` to `[n, outputs]` as in inference: dropout does nothing.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let output = self.linear.forward(input);
        let output = match &self.norm {
            Some(norm) => norm.forward(output),
            None => output,
        };
        activate(self.activation.as_ref(), output)
    }

    /// Maps `[n, inputs]` to `[n, outputs]` with dropout, whose random numbers come from `random`.
    pub(super) fn forward_training(&self, input: Tensor<2>, random: &mut impl Rng) -> Tensor<2> {
        let output = self.forward(input);
        match &self.dropout {
            Some(dropout) => dropout.forward_training(output, random),
            None => output,
        }
    }
}
