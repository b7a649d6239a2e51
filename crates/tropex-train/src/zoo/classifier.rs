//! The network of every architecture.

use burn::module::Module;
use burn::tensor::Tensor;
use rand_chacha::rand_core::Rng;
use tropex_kernels::{flatten, row_major};

use super::block::{DenseBlock, FeatureBlock};
use super::normalisation::{Normalisation, NormaliseLayer};

/// Default of the number that batch norms add to variances, in Burn and in PyTorch.
pub const DEFAULT_EPSILON: f64 = 1e-5;

/// An image classifier: feature blocks, then dense blocks on the flattened features.
///
/// Made by [`Architecture::init`](super::Architecture::init). The operations of `forward` do not
/// depend on values or on the number of images, so that Burn can capture them as a graph.
#[derive(Module, Debug)]
pub struct Classifier {
    pub(super) normalise: Option<NormaliseLayer>,
    pub(super) features: Vec<FeatureBlock>,
    pub(super) dense: Vec<DenseBlock>,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) classes: usize,
}

impl Classifier {
    /// Computes logits, without dropout. On a device that records gradients, batch norm is as in
    /// training.
    ///
    /// # Shapes
    /// - images: `[n, channels, height, width]`
    /// - output: `[n, classes]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let images = self.normalised(images);
        let features = self.features.iter().fold(images, |values, block| block.forward(values));
        let flat = flatten(features);
        self.dense.iter().fold(flat, |values, block| block.forward(values))
    }

    /// Computes logits with dropout, whose random numbers come from `random`.
    pub(crate) fn forward_training(&self, images: Tensor<4>, random: &mut impl Rng) -> Tensor<2> {
        let images = self.normalised(images);
        let features = self.features.iter().fold(images, |values, block| match block {
            FeatureBlock::Dropout(dropout) => dropout.forward_training(row_major(values), random),
            block => block.forward(values),
        });
        let flat = flatten(features);
        self.dense.iter().fold(flat, |values, block| block.forward_training(values, random))
    }

    fn normalised(&self, images: Tensor<4>) -> Tensor<4> {
        match &self.normalise {
            Some(normalise) => normalise.forward(images),
            None => images,
        }
    }

    /// The network with a normalisation of the images before the first layer, if one is given.
    pub(crate) fn with_normalisation(self, normalisation: Option<Normalisation>) -> Self {
        Self { normalise: normalisation.map(NormaliseLayer::new), ..self }
    }

    /// The network with another number that batch norms add to variances, if one is given.
    pub(crate) fn with_batch_norm_epsilon(mut self, epsilon: Option<f64>) -> Self {
        let Some(epsilon) = epsilon else { return self };
        let features = self.features.iter_mut().flat_map(FeatureBlock::norms_mut);
        let dense = self.dense.iter_mut().filter_map(|block| block.norm.as_mut());
        features.chain(dense).for_each(|norm| norm.epsilon = epsilon);
        self
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
