//! The architectures, in one place.
//!
//! To add one: a line in [`ARCHITECTURES`], and for a new family a file beside this one that
//! puts its blocks together.

mod block;
mod builder;
mod fcn;
mod initialise;
mod vgg;

use burn::tensor::Device;
use thiserror::Error;

pub use block::{Classifier, ConvBlock, DenseBlock, FeatureBlock};

use self::builder::Builder;
use self::vgg::{Plan, Pool};
use crate::training::TrainingConfig;
use crate::weights::slots;

/// A network that can be trained on images of any size that it does not shrink to nothing.
pub struct Architecture {
    /// Its name on the command line, in kebab case.
    pub name: &'static str,
    /// Its layers: C convolution 3x3, P max pool, A average pool, D dense, s2 stride 2.
    pub summary: &'static str,
    /// `[channels, height, width]` of the images it was made for.
    pub images: [usize; 3],
    build: fn(Builder<'_>) -> Result<Classifier, ArchitectureError>,
    recipe: fn() -> TrainingConfig,
}

/// Images of MNIST and of what is like it.
const GREY: [usize; 3] = [1, 28, 28];
/// Images of CIFAR-10.
const COLOUR: [usize; 3] = [3, 32, 32];

/// Every architecture, in the order in which they are listed.
pub static ARCHITECTURES: &[Architecture] = &[
    Architecture {
        name: "fcn2",
        summary: "fully connected: D3072",
        images: COLOUR,
        build: |builder| Ok(fcn::build(builder, &[3072])),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "fcn4",
        summary: "fully connected, for MNIST: D784 D200 D80",
        images: GREY,
        build: |builder| Ok(fcn::build(builder, &[784, 200, 80])),
        recipe: TrainingConfig::mnist,
    },
    Architecture {
        name: "fcn4-cifar",
        summary: "fully connected, for CIFAR-10: D3072 D400 D120",
        images: COLOUR,
        build: |builder| Ok(fcn::build(builder, &[3072, 400, 120])),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "fcn6",
        summary: "fully connected, for MNIST: D2500 D2000 D1500 D1000 D500",
        images: GREY,
        build: |builder| Ok(fcn::build(builder, &[2500, 2000, 1500, 1000, 500])),
        recipe: TrainingConfig::mnist,
    },
    Architecture {
        name: "fcn8",
        summary: "fully connected, for CIFAR-10: D4096 D3072 D2048 D1024 D512 D256 D128",
        images: COLOUR,
        build: |builder| Ok(fcn::build(builder, &[4096, 3072, 2048, 1024, 512, 256, 128])),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "mnist-cnn",
        summary: "convolutional, for MNIST: C32 P C64 C64 P D64",
        images: GREY,
        build: |builder| vgg::build(builder, &vgg::MNIST),
        recipe: TrainingConfig::mnist,
    },
    Architecture {
        name: "vgg",
        summary: "VGG: C32 C32 P C64 C64 C64 P C128 C128 C128 P D128",
        images: COLOUR,
        build: |builder| vgg::build(builder, &vgg::STANDARD),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "vgg-average",
        summary: "VGG with average pooling: C32 C32 A C64 C64 C64 A C128 C128 C128 A D128",
        images: COLOUR,
        build: |builder| vgg::build(builder, &Plan { pool: Pool::Average, ..vgg::STANDARD }),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "vgg-batch-norm",
        summary: "VGG with batch norm after each convolution, before ReLU",
        images: COLOUR,
        build: |builder| vgg::build(builder, &Plan { batch_norm: true, ..vgg::STANDARD }),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "vgg-narrow",
        summary: "narrow VGG: C4 C4 P C16 C16 C16 P C64 C64 C64 P D128",
        images: COLOUR,
        build: |builder| vgg::build(builder, &vgg::NARROW),
        recipe: TrainingConfig::cifar,
    },
    Architecture {
        name: "vgg-narrow-strides",
        summary: "narrow VGG without pooling: C4 C4 C16(s2) C16 C16 C64(s2) C64 C64 D128",
        images: COLOUR,
        build: |builder| vgg::build(builder, &vgg::NARROW_STRIDES),
        recipe: TrainingConfig::cifar,
    },
];

/// A network for tests: every kind of layer, and a square dense one, in 500 parameters.
#[cfg(test)]
pub(crate) static TINY: Architecture = Architecture {
    name: "tiny",
    summary: "C3 with batch norm, P, C4(s2), D16",
    images: GREY,
    build: |builder| Ok(builder.conv_norm(3, 1).max_pool()?.conv(4, 2).dense(16).logits()),
    recipe: TrainingConfig::mnist,
};

/// Why an architecture cannot be built.
#[derive(Debug, Error, PartialEq)]
pub enum ArchitectureError {
    /// There is no architecture of that name.
    #[error("unknown architecture `{name}`, expected one of {}", names().join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The images shrink to nothing on the way.
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
    /// There is nothing to tell apart.
    #[error("{classes} classes, expected at least 2")]
    TooFewClasses {
        /// Number of classes asked for.
        classes: usize,
    },
}

fn names() -> Vec<&'static str> {
    ARCHITECTURES.iter().map(|architecture| architecture.name).collect()
}

impl std::fmt::Debug for Architecture {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Architecture({})", self.name)
    }
}

impl Architecture {
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

    /// The network without numbers: its parameters are zeros, allocated when first read.
    pub fn skeleton(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Classifier, ArchitectureError> {
        (self.build)(Builder::new(self.name, shape, classes, device)?)
    }

    /// Number of trained parameters, counted without allocating them.
    pub fn parameters(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<usize, ArchitectureError> {
        let slots = slots(&self.skeleton(shape, classes, device)?);
        let trained = slots.iter().filter(|slot| slot.role.is_trained());
        Ok(trained.map(|slot| slot.shape.iter().product::<usize>()).sum())
    }

    /// How it is trained unless told otherwise.
    pub fn recipe(&self) -> TrainingConfig {
        (self.recipe)()
    }
}

#[cfg(test)]
mod tests;
