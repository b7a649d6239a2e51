//! Puts blocks together, keeping track of shapes.

use burn::nn::activation::ActivationConfig;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::{AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{BatchNormConfig, Initializer, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;

use super::ArchitectureError;
use super::block::{Classifier, ConvBlock, DenseBlock, FeatureBlock};

/// Kernel width of every convolution so far.
const KERNEL: usize = 3;

/// Collects the blocks of a classifier from the image to the logits.
///
/// The parameters stay lazy: nothing is allocated but batch-norm statistics, so counting the
/// parameters of a large network is free.
pub(super) struct Builder<'a> {
    architecture: &'static str,
    device: &'a Device,
    input: [usize; 3],
    shape: [usize; 3],
    classes: usize,
    features: Vec<FeatureBlock>,
    dense: Vec<DenseBlock>,
    /// Width of the last dense block, once there is one.
    width: Option<usize>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        architecture: &'static str,
        input: [usize; 3],
        classes: usize,
        device: &'a Device,
    ) -> Result<Self, ArchitectureError> {
        if input.contains(&0) {
            return Err(ArchitectureError::EmptyImages { shape: input });
        }
        if classes < 2 {
            return Err(ArchitectureError::TooFewClasses { classes });
        }
        let (features, dense) = (Vec::new(), Vec::new());
        Ok(Self {
            architecture,
            device,
            input,
            shape: input,
            classes,
            features,
            dense,
            width: None,
        })
    }

    /// A 3x3 convolution that keeps the size (halved by a stride of 2), and ReLU.
    pub(super) fn conv(self, filters: usize, stride: usize) -> Self {
        self.conv_block(filters, stride, false)
    }

    /// A 3x3 convolution, batch norm, and ReLU.
    pub(super) fn conv_norm(self, filters: usize, stride: usize) -> Self {
        self.conv_block(filters, stride, true)
    }

    fn conv_block(mut self, filters: usize, stride: usize, norm: bool) -> Self {
        let [channels, height, width] = self.shape;
        // One ring of zeros, as PyTorch's `padding=1`: for stride 2 TensorFlow's "same" would
        // pad below and right only, and imported weights would meet shifted images.
        let conv = Conv2dConfig::new([channels, filters], [KERNEL, KERNEL])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_initializer(Initializer::Zeros)
            .init(self.device);
        let norm = norm.then(|| BatchNormConfig::new(filters).init(self.device));
        let activation = ActivationConfig::Relu.init(self.device);
        self.features.push(FeatureBlock::Conv(ConvBlock { conv, norm, activation }));
        self.shape = [filters, height.div_ceil(stride), width.div_ceil(stride)];
        self
    }

    /// The maximum of each 2x2 window; an odd row or column at the end is dropped.
    pub(super) fn max_pool(mut self) -> Result<Self, ArchitectureError> {
        self.halve()?;
        let pool = MaxPool2dConfig::new([2, 2]).init();
        self.features.push(FeatureBlock::MaxPool(pool));
        Ok(self)
    }

    /// The mean of each 2x2 window; an odd row or column at the end is dropped.
    pub(super) fn average_pool(mut self) -> Result<Self, ArchitectureError> {
        self.halve()?;
        let pool = AvgPool2dConfig::new([2, 2]).init();
        self.features.push(FeatureBlock::AveragePool(pool));
        Ok(self)
    }

    fn halve(&mut self) -> Result<(), ArchitectureError> {
        let [channels, height, width] = self.shape;
        if height < 2 || width < 2 {
            return Err(ArchitectureError::ImagesTooSmall {
                architecture: self.architecture,
                shape: self.input,
            });
        }
        self.shape = [channels, height / 2, width / 2];
        Ok(())
    }

    /// A fully connected layer and ReLU.
    pub(super) fn dense(mut self, width: usize) -> Self {
        let activation = Some(ActivationConfig::Relu.init(self.device));
        self.push_dense(width, activation);
        self
    }

    /// The last layer: fully connected to the classes, without activation.
    pub(super) fn logits(mut self) -> Classifier {
        self.push_dense(self.classes, None);
        let [channels, height, width] = self.input;
        let Self { features, dense, classes, .. } = self;
        Classifier { features, dense, channels, height, width, classes }
    }

    fn push_dense(&mut self, width: usize, activation: Option<burn::nn::activation::Activation>) {
        let inputs = self.width.unwrap_or(self.shape.iter().product());
        let linear =
            LinearConfig::new(inputs, width).with_initializer(Initializer::Zeros).init(self.device);
        self.dense.push(DenseBlock { linear, activation });
        self.width = Some(width);
    }
}
