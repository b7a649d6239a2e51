//! Builds classifiers block by block, and tracks shapes.

use burn::nn::activation::{Activation, ActivationConfig};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNormConfig, Initializer, LinearConfig};
use burn::tensor::Device;

use super::block::{ConvBlock, DenseBlock, FeatureBlock, InceptionBlock, ResidualBlock};
use super::classifier::Classifier;
use super::dropout::Dropout;
use super::error::ArchitectureError;
use super::limits::MAX_VALUES;
use super::window::LayerWindow;

/// A convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConvLayer {
    pub(super) filters: usize,
    pub(super) window: LayerWindow,
}

/// A 3x3 convolution of stride 1.
pub(super) const fn conv(filters: usize) -> ConvLayer {
    ConvLayer { filters, window: LayerWindow::centred(3, 1) }
}

impl ConvLayer {
    /// With a kernel of an odd width, padded so that stride 1 keeps the size.
    pub(super) const fn kernel(self, width: usize) -> Self {
        Self { window: LayerWindow::centred(width, self.window.stride[0]), ..self }
    }

    /// With a stride, by which the size is divided.
    pub(super) const fn stride(self, stride: usize) -> Self {
        Self { window: LayerWindow::centred(self.window.kernel[0], stride), ..self }
    }
}

/// Numbers of filters of an inception block.
#[derive(Clone, Copy)]
pub(super) struct InceptionFilters {
    /// Of the 1x1 convolution.
    pub(super) single: usize,
    /// Of a 1x1 convolution and the 3x3 convolution behind it.
    pub(super) three: [usize; 2],
    /// Of a 1x1 convolution and of both 3x3 convolutions behind it.
    pub(super) five: [usize; 2],
    /// Of the 1x1 convolution behind the pooling.
    pub(super) pooled: usize,
}

impl InceptionFilters {
    /// Channels of the output.
    fn sum(&self) -> usize {
        self.single + self.three[1] + self.five[1] + self.pooled
    }
}

/// Collects the blocks of a classifier from the image to the logits.
///
/// Parameters are lazy: only batch-norm statistics are allocated, and counting the parameters of a
/// large network costs nothing.
pub(super) struct ClassifierBuilder<'a> {
    device: &'a Device,
    activation: ActivationConfig,
    input: [usize; 3],
    shape: [usize; 3],
    /// Whether every window has fitted the plane that it reads.
    fits: bool,
    classes: usize,
    features: Vec<FeatureBlock>,
    dense: Vec<DenseBlock>,
    /// Width of the last dense block, if there is one.
    width: Option<usize>,
}

impl<'a> ClassifierBuilder<'a> {
    pub(super) fn new(
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
        let (shape, fits, width) = (input, true, None);
        Ok(Self { device, activation, input, shape, fits, classes, features, dense, width })
    }

    /// Number of classes.
    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    /// `[channels, height, width]` of the output of the last block before dense blocks.
    pub(super) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Whether every window has fitted the plane that it reads.
    pub(super) fn fits(&self) -> bool {
        self.fits
    }

    /// A convolution and the activation.
    pub(super) fn conv(self, conv: ConvLayer) -> Self {
        self.conv_block(conv, false)
    }

    /// A convolution, batch norm, and the activation.
    pub(super) fn conv_norm(self, conv: ConvLayer) -> Self {
        self.conv_block(conv, true)
    }

    /// A convolution, batch norm if `norm`, and the activation.
    pub(super) fn conv_block(mut self, conv: ConvLayer, norm: bool) -> Self {
        let activation = Some(self.activation());
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

    /// Four branches, whose outputs are concatenated: see [`InceptionBlock`]. Batch norm and the
    /// activation follow each convolution.
    pub(super) fn inception(mut self, filters: InceptionFilters) -> Self {
        let before = self.shape;
        let InceptionFilters { single, three, five, pooled } = filters;
        let branches: [&[ConvLayer]; 3] = [
            &[conv(single).kernel(1)],
            &[conv(three[0]).kernel(1), conv(three[1])],
            &[conv(five[0]).kernel(1), conv(five[1]), conv(five[1])],
        ];
        let branches = branches.map(|convs| {
            self.shape = before;
            convs.iter().map(|&conv| self.active_block(conv)).collect()
        });
        self.shape = before;
        let pool = self.pool(LayerWindow::centred(3, 1));
        let pooled = self.active_block(conv(pooled).kernel(1));
        self.shape[0] = filters.sum();
        let block = InceptionBlock { branches: branches.into(), pool, pooled };
        self.features.push(FeatureBlock::Inception(block));
        self
    }

    /// A block with batch norm and activation.
    fn active_block(&mut self, conv: ConvLayer) -> ConvBlock {
        let activation = Some(self.activation());
        self.block(conv, true, activation)
    }

    /// A block on the current shape, which becomes the shape of its output.
    fn block(&mut self, conv: ConvLayer, norm: bool, activation: Option<Activation>) -> ConvBlock {
        let channels = self.shape[0];
        self.advance(conv.filters, conv.window);
        let norm = norm.then(|| BatchNormConfig::new(conv.filters).init(self.device));
        ConvBlock { conv: self.layer(channels, conv), norm, activation }
    }

    /// Makes the shape that of the output of windows.
    fn advance(&mut self, channels: usize, window: LayerWindow) {
        let [_, height, width] = self.shape;
        let [height, width] = window.count([height, width]);
        self.fits &= height > 0 && width > 0;
        self.shape = [channels, height, width];
    }

    fn layer(&self, channels: usize, ConvLayer { filters, window }: ConvLayer) -> Conv2d {
        Conv2dConfig::new([channels, filters], window.kernel)
            .with_stride(window.stride)
            .with_padding(window.padding_config())
            .with_initializer(Initializer::Zeros)
            .init(self.device)
    }

    fn activation(&self) -> Activation {
        self.activation.init(self.device)
    }

    /// The maximum of each window; an incomplete window at the end of an axis is dropped.
    pub(super) fn max_pool(mut self, window: LayerWindow) -> Self {
        let pool = self.pool(window);
        self.features.push(FeatureBlock::MaxPool(pool));
        self
    }

    fn pool(&mut self, window: LayerWindow) -> MaxPool2d {
        self.advance(self.shape[0], window);
        MaxPool2dConfig::new(window.kernel)
            .with_strides(window.stride)
            .with_padding(window.padding_config())
            .init()
    }

    /// The mean of each window, in which padding counts as zeros; an incomplete window at the end
    /// of an axis is dropped.
    pub(super) fn average_pool(mut self, window: LayerWindow) -> Self {
        self.advance(self.shape[0], window);
        let pool = AvgPool2dConfig::new(window.kernel)
            .with_strides(window.stride)
            .with_padding(window.padding_config())
            .init();
        self.features.push(FeatureBlock::AveragePool(pool));
        self
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
        let dropout = Dropout { share };
        match self.dense.last_mut() {
            Some(block) => block.dropout = Some(dropout),
            None => self.features.push(FeatureBlock::Dropout(dropout)),
        }
        self
    }

    /// A fully connected layer and the activation.
    pub(super) fn dense(self, width: usize) -> Self {
        self.dense_block(width, false)
    }

    /// A fully connected layer, batch norm if `norm`, and the activation.
    pub(super) fn dense_block(mut self, width: usize, norm: bool) -> Self {
        let activation = Some(self.activation());
        self.push_dense(width, norm, activation);
        self
    }

    /// The last layer: fully connected to the classes, without activation.
    pub(super) fn logits(mut self) -> Self {
        self.push_dense(self.classes, false, None);
        self
    }

    /// The classifier of these blocks. The output of the last block is the logits.
    pub(super) fn finish(self) -> Classifier {
        let [channels, height, width] = self.input;
        let Self { features, dense, classes, .. } = self;
        Classifier { normalise: None, features, dense, channels, height, width, classes }
    }

    fn push_dense(&mut self, width: usize, norm: bool, activation: Option<Activation>) {
        let inputs = self.width.unwrap_or(self.shape.iter().product());
        let linear =
            LinearConfig::new(inputs, width).with_initializer(Initializer::Zeros).init(self.device);
        let norm = norm.then(|| BatchNormConfig::new(width).init(self.device));
        self.dense.push(DenseBlock { linear, norm, activation, dropout: None });
        self.width = Some(width);
    }
}
