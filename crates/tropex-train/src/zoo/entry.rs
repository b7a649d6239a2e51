//! An architecture of the zoo.

use std::fmt;

use super::builder::ClassifierBuilder;
use crate::training_config::TrainingConfig;

/// Slope of leaky ReLU below zero.
pub const LEAKY_SLOPE: f64 = 0.01;

/// Images of CIFAR-10.
const CIFAR: [usize; 3] = [3, 32, 32];
/// Images of MNIST and similar datasets.
const MNIST: [usize; 3] = [1, 28, 28];

/// An architecture with a name, in the registry.
#[derive(Clone, Copy)]
pub struct ArchitectureEntry {
    /// Its name on the command line, in kebab case.
    pub name: &'static str,
    /// Its layers: C convolution 3x3, P max pool, A average pool, G global average pool, D dense,
    /// s2 stride 2. A ReLU follows each layer; the last dense layer, to the classes, is not listed.
    pub summary: &'static str,
    /// Name of the architecture with ReLU, if this is its variant with leaky ReLU.
    pub leaky_of: Option<&'static str>,
    /// `[channels, height, width]` of the images that it was designed for; others are allowed.
    pub images: [usize; 3],
    pub(super) build: fn(ClassifierBuilder<'_>) -> ClassifierBuilder<'_>,
    pub(super) recipe: fn() -> TrainingConfig,
}

impl fmt::Debug for ArchitectureEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ArchitectureEntry({})", self.name)
    }
}

impl ArchitectureEntry {
    /// `build` adds all layers to the logits.
    pub(super) const fn new(
        name: &'static str,
        summary: &'static str,
        build: fn(ClassifierBuilder<'_>) -> ClassifierBuilder<'_>,
        recipe: fn() -> TrainingConfig,
    ) -> Self {
        Self { name, summary, leaky_of: None, images: CIFAR, build, recipe }
    }

    /// This architecture, made for the images of MNIST.
    pub(super) const fn for_mnist(self) -> Self {
        Self { images: MNIST, ..self }
    }

    /// This architecture with leaky ReLU. Its texts are never freed: call this once per
    /// architecture.
    pub(super) fn leaky(&self) -> Self {
        Self {
            name: format!("{}-leaky", self.name).leak(),
            summary: format!("{} with leaky ReLU of slope {LEAKY_SLOPE}", self.name).leak(),
            leaky_of: Some(self.name),
            ..*self
        }
    }
}
