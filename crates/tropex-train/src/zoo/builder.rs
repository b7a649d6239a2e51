//! Builds classifiers block by block, and tracks shapes.

use burn::nn::activation::{Activation, ActivationConfig};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{BatchNormConfig, Initializer, LinearConfig, PaddingConfig2d};
use burn::tensor::Device;

use super::block::{ConvBlock, DenseBlock, FeatureBlock, ResidualBlock};
use super::classifier::Classifier;
use super::dropout::Dropout;
use super::{ArchitectureError, MAX_VALUES};

/// A convolution whose output has the size of its input divided by the stride.
#[derive(Clone, Copy)]
pub(super) struct ConvLayer {
    filters: usize,
    /// Width of the kernel, an odd number.
    kernel: usize,
    stride: usize,
}

/// A 3x3 convolution of stride 1.
pub(super) const fn conv(filters: usize) -> ConvLayer {
    ConvLayer { filters, kernel: 3, stride: 1 }
}

impl ConvLayer {
    pub(super) const fn kernel(self, kernel: usize) -> Self {
        Self { kernel, ..self }
    }

    pub(super) const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }
}

/// Collects the blocks of a classifier from the image to the logits.
///
/// Parameters are lazy: only batch-norm statistics are allocated, and counting the parameters of a
/// large network costs nothing.
pub(super) struct ClassifierBuilder<'a> {
    architecture: &'static str,
    device: &'a Device,
    activation: ActivationConfig,
    input: [usize; 3],
    shape: [usize; 3],
    classes: usize,
    features: Vec<FeatureBlock>,
    dense: Vec<DenseBlock>,
    /// Width of the last dense block, if there is one.
    width: Option<usize>,
}

impl<'a> ClassifierBuilder<'a> {
    pub(super) fn new(
        architecture: &'static str,
        activation: ActivationConfig,
        input: [usize; 3],
        classes: usize,
        device: &'a Device,
    ) -> Result<Self, ArchitectureError> {
        if input.contains(&0) {
            return Err(ArchitectureError::EmptyImages { shape: input });
        }
        // Keeps numbers of parameters in the range of `usize`.
        let values = input.iter().try_fold(1_usize, |values, &e| values.checked_mul(e));
        if values.is_none_or(|values| values > MAX_VALUES) {
            return Err(ArchitectureError::ImagesTooLarge { shape: input });
        }
        if classes < 2 {
            return Err(ArchitectureError::TooFewClasses { classes });
        }
        let (features, dense) = (Vec::new(), Vec::new());
        Ok(Self {
            architecture,
            device,
            activation,
            input,
            shape: input,
            classes,
            features,
            dense,
            width: None,
        })
    }

    /// Number of classes.
    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    /// A convolution and the activation.
    pub(super) fn conv(self, conv: ConvLayer) -> Self {
        let activation = Some(self.activation());
        self.conv_block(conv, false, activation)
    }

    /// A convolution, batch norm, and the activation.
    pub(super) fn conv_norm(self, conv: ConvLayer) -> Self {
        let activation = Some(self.activation());
        self.conv_block(conv, true, activation)
    }

    fn conv_block(mut self, conv: ConvLayer, norm: bool, activation: Option<Activation>) -> Self {
        let block = self.block(conv, norm, activation);
        self.features.push(FeatureBlock::Conv(block));
        self
    }

    /// Two 3x3 convolutions with batch norm beside a shortcut, the first with the stride.
    ///
    /// A shortcut between different shapes is a 1x1 convolution without batch norm.
    pub(super) fn residual(mut self, filters: usize, stride: usize) -> Self {
        let before = self.shape;
        let activation = self.activation();
        let first = self.block(conv(filters).stride(stride), true, Some(self.activation()));
        let second = self.block(conv(filters), true, None);
        let projection = (before != self.shape)
            .then(|| self.layer(before[0], conv(filters).kernel(1).stride(stride)));
        let block = ResidualBlock { first, second, projection, activation };
        self.features.push(FeatureBlock::Residual(block));
        self
    }

    /// A block on the current shape, which becomes the shape of its output.
    fn block(&mut self, conv: ConvLayer, norm: bool, activation: Option<Activation>) -> ConvBlock {
        let [channels, height, width] = self.shape;
        self.shape = [conv.filters, height.div_ceil(conv.stride), width.div_ceil(conv.stride)];
        let norm = norm.then(|| BatchNormConfig::new(conv.filters).init(self.device));
        ConvBlock { conv: self.layer(channels, conv), norm, activation }
    }

    fn layer(&self, channels: usize, ConvLayer { filters, kernel, stride }: ConvLayer) -> Conv2d {
        // Equal padding on all sides, as PyTorch's `padding`. TensorFlow's "same" with stride 2
        // would pad below and right only, which would shift images against imported weights.
        let padding = kernel / 2;
        Conv2dConfig::new([channels, filters], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_initializer(Initializer::Zeros)
            .init(self.device)
    }

    fn activation(&self) -> Activation {
        self.activation.init(self.device)
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

    /// The mean of each channel.
    pub(super) fn global_average_pool(mut self) -> Self {
        let pool = AdaptiveAvgPool2dConfig::new([1, 1]).init();
        self.features.push(FeatureBlock::GlobalAveragePool(pool));
        self.shape = [self.shape[0], 1, 1];
        self
    }

    /// Dropout with a rate, in training only.
    pub(super) fn dropout(mut self, share: f64) -> Self {
        self.features.push(FeatureBlock::Dropout(Dropout { share }));
        self
    }

    /// A fully connected layer and the activation.
    pub(super) fn dense(mut self, width: usize) -> Self {
        let activation = Some(self.activation());
        self.push_dense(width, activation);
        self
    }

    /// The last layer: fully connected to the classes, without activation.
    pub(super) fn logits(mut self) -> Classifier {
        self.push_dense(self.classes, None);
        self.finish()
    }

    /// Ends the classifier: the output of the blocks is the logits.
    pub(super) fn finish(self) -> Classifier {
        let [channels, height, width] = self.input;
        let Self { features, dense, classes, .. } = self;
        Classifier { normalise: None, features, dense, channels, height, width, classes }
    }

    fn push_dense(&mut self, width: usize, activation: Option<Activation>) {
        let inputs = self.width.unwrap_or(self.shape.iter().product());
        let linear =
            LinearConfig::new(inputs, width).with_initializer(Initializer::Zeros).init(self.device);
        self.dense.push(DenseBlock { linear, activation });
        self.width = Some(width);
    }
}
