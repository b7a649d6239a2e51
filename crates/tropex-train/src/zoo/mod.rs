//! The architectures, family by family.
//!
//! To add an architecture, add its entry to the file of its family. A new family is a file in this
//! folder and a line in `FAMILIES`.

mod all_cnn;
mod block;
mod builder;
mod classifier;
mod dropout;
mod fcn;
mod initialise;
mod memory;
mod normalisation;
mod resnet;
mod vgg;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use burn::nn::LeakyReluConfig;
use burn::nn::activation::ActivationConfig;
use burn::tensor::Device;
use thiserror::Error;

pub use block::{ConvBlock, DenseBlock, FeatureBlock, ResidualBlock};
pub use classifier::{Classifier, DEFAULT_EPSILON};
pub use dropout::Dropout;
pub use memory::NetworkTooLarge;
pub use normalisation::{Normalisation, NormalisationError};

use self::builder::ClassifierBuilder;
use crate::messages::hint;
use crate::naming::tensor_specs;
use crate::training_config::TrainingConfig;

/// A family of architectures.
struct ArchitectureFamily {
    members: &'static [Architecture],
    /// Whether each member has a variant with leaky ReLU.
    has_leaky: bool,
}

/// Every family, in the order in which they are listed.
static FAMILIES: [ArchitectureFamily; 4] = [
    ArchitectureFamily { members: fcn::FAMILY, has_leaky: true },
    ArchitectureFamily { members: vgg::FAMILY, has_leaky: true },
    ArchitectureFamily { members: all_cnn::FAMILY, has_leaky: false },
    ArchitectureFamily { members: resnet::FAMILY, has_leaky: false },
];

/// Every architecture: family by family, then the variants with leaky ReLU.
pub static ARCHITECTURES: LazyLock<Vec<Architecture>> = LazyLock::new(|| {
    let members = FAMILIES.iter().flat_map(|family| family.members).copied();
    let leaky = FAMILIES.iter().filter(|family| family.has_leaky);
    members.chain(leaky.flat_map(|family| family.members).map(Architecture::leaky)).collect()
});

/// Images of CIFAR-10.
const CIFAR: [usize; 3] = [3, 32, 32];
/// Images of MNIST and similar datasets.
const MNIST: [usize; 3] = [1, 28, 28];

/// Most values of an image.
pub(crate) const MAX_VALUES: usize = 1 << 32;

/// Slope of leaky ReLU below zero.
pub const LEAKY_SLOPE: f64 = 0.01;

/// A network architecture, for images of any size that its pooling leaves something of.
#[derive(Clone, Copy)]
pub struct Architecture {
    /// Its name on the command line, in kebab case.
    pub name: &'static str,
    /// Its layers: C convolution 3x3, P max pool, A average pool, G global average pool, D dense,
    /// s2 stride 2. A ReLU follows each layer; the last dense layer, to the classes, is not listed.
    pub summary: &'static str,
    /// Name of the architecture with ReLU, if this is its variant with leaky ReLU.
    pub leaky_of: Option<&'static str>,
    /// `[channels, height, width]` of the images that it was designed for; others are allowed.
    pub images: [usize; 3],
    build: fn(ClassifierBuilder<'_>) -> Result<Classifier, ArchitectureError>,
    recipe: fn() -> TrainingConfig,
}

/// A network for tests: every kind of layer, and a square dense one, in 500 parameters.
#[cfg(test)]
pub(crate) static TINY: Architecture = Architecture::new(
    "tiny",
    "C3 with batch norm, P, C4(s2), D16",
    |builder| {
        let features = builder.conv_norm(builder::conv(3)).max_pool()?;
        Ok(features.conv(builder::conv(4).stride(2)).dense(16).logits())
    },
    TrainingConfig::mnist,
);

/// A residual network for tests: a block that keeps the shape, and one that changes it.
#[cfg(test)]
pub(crate) static TINY_RESIDUAL: Architecture = Architecture::new(
    "tiny-residual",
    "residual, with batch norm: C3, 2 C3, 2 C4(s2), G",
    |builder| {
        let features = builder.conv_norm(builder::conv(3)).residual(3, 1).residual(4, 2);
        Ok(features.global_average_pool().logits())
    },
    TrainingConfig::resnet,
);

/// Dense layers of the same shape, for tests on images of 16 pixels.
#[cfg(test)]
pub(crate) static TINY_DENSE: Architecture = Architecture::new(
    "tiny-dense",
    "D16 D16 D16",
    |builder| Ok(builder.dense(16).dense(16).dense(16).logits()),
    TrainingConfig::mnist,
);

/// Dropout between layers, for tests.
#[cfg(test)]
pub(crate) static TINY_DROPOUT: Architecture = Architecture::new(
    "tiny-dropout",
    "C3 with dropout, D16",
    |builder| Ok(builder.conv(builder::conv(3)).dropout(0.5).dense(16).logits()),
    TrainingConfig::mnist,
);

/// Why an architecture cannot be built.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// No architecture has this name.
    #[error("unknown architecture `{name}`{}; `tropex list` names all", hint(name, names()))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// Pooling shrinks the images to less than one pixel.
    #[error(
        "images of {}x{}x{} are too small for {architecture}, which halves them to less than one \
         pixel; take larger images or a smaller architecture",
        shape[0], shape[1], shape[2]
    )]
    ImagesTooSmall {
        /// Name of the architecture.
        architecture: &'static str,
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The images have no pixels.
    #[error("images of {}x{}x{} have no pixels", shape[0], shape[1], shape[2])]
    EmptyImages {
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The images have more values than any network reads.
    #[error(
        "images of {}x{}x{}, expected at most {MAX_VALUES} values", shape[0], shape[1], shape[2]
    )]
    ImagesTooLarge {
        /// `[channels, height, width]` of the images.
        shape: [usize; 3],
    },
    /// The network does not fit into memory.
    #[error(transparent)]
    TooLarge(#[from] NetworkTooLarge),
    /// The network has fewer than two classes.
    #[error("{classes} classes, expected at least 2")]
    TooFewClasses {
        /// Number of classes asked for.
        classes: usize,
    },
}

fn names() -> impl Iterator<Item = &'static str> {
    ARCHITECTURES.iter().map(|architecture| architecture.name)
}

impl fmt::Debug for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Architecture({})", self.name)
    }
}

/// The name.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Reads the name, as [`Architecture::find`] does.
impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::find(name).copied()
    }
}

impl Architecture {
    const fn new(
        name: &'static str,
        summary: &'static str,
        build: fn(ClassifierBuilder<'_>) -> Result<Classifier, ArchitectureError>,
        recipe: fn() -> TrainingConfig,
    ) -> Self {
        Self { name, summary, leaky_of: None, images: CIFAR, build, recipe }
    }

    /// This architecture, made for the images of MNIST.
    const fn for_mnist(self) -> Self {
        Self { images: MNIST, ..self }
    }

    /// This architecture with leaky ReLU. Its texts are never freed: call this once per
    /// architecture.
    fn leaky(&self) -> Self {
        Self {
            name: format!("{}-leaky", self.name).leak(),
            summary: format!("{} with leaky ReLU of slope {LEAKY_SLOPE}", self.name).leak(),
            leaky_of: Some(self.name),
            ..*self
        }
    }

    /// The architecture of that name.
    pub fn find(name: &str) -> Result<&'static Self, ArchitectureError> {
        let known = ARCHITECTURES.iter();
        #[cfg(test)]
        let known = known.chain([&TINY]);
        let found = known.into_iter().find(|architecture| architecture.name == name);
        found.ok_or_else(|| ArchitectureError::Unknown { name: name.into() })
    }

    /// A network for images `[channels, height, width]`, with starting weights drawn from `seed`.
    ///
    /// Weights follow He's uniform distribution, biases are zero, batch norm is the identity.
    /// They depend on the seed only, not on the device.
    pub fn init(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
        seed: u64,
    ) -> Result<Classifier, ArchitectureError> {
        let classifier = self.skeleton(shape, classes, device)?;
        Ok(initialise::initialise(classifier, device, seed))
    }

    /// The network with all parameters zero, which are allocated when they are first read.
    pub fn skeleton(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Classifier, ArchitectureError> {
        let activation = match self.leaky_of {
            None => ActivationConfig::Relu,
            Some(_) => LeakyReluConfig::new().with_negative_slope(LEAKY_SLOPE).into(),
        };
        (self.build)(ClassifierBuilder::new(self.name, activation, shape, classes, device)?)
    }

    /// Number of trained parameters, counted without allocating them.
    pub fn parameters(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<usize, ArchitectureError> {
        let tensor_specs = tensor_specs(&self.skeleton(shape, classes, device)?);
        let trained = tensor_specs.iter().filter(|spec| spec.role.is_trained());
        Ok(trained.map(|spec| spec.shape.iter().product::<usize>()).sum())
    }

    /// The default settings of its training.
    pub fn recipe(&self) -> TrainingConfig {
        (self.recipe)()
    }
}

#[cfg(test)]
mod tests;
