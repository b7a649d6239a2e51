//! The architectures: those of the zoo, family by family, and layers in a line.
//!
//! To add an architecture, add its entry to the file of its family. A new family is a file in this
//! folder and a line in `FAMILIES` of `registry.rs`.

mod all_cnn;
mod block;
mod builder;
mod classifier;
mod dropout;
mod entry;
mod error;
mod fcn;
mod googlenet;
mod initialise;
mod kernels;
mod layers;
mod limits;
mod memory;
mod network_too_large;
mod normalisation;
mod registry;
mod resnet;
#[cfg(test)]
mod testing;
mod vgg;
mod window;

use std::fmt;
use std::str::FromStr;

use burn::nn::LeakyReluConfig;
use burn::nn::activation::ActivationConfig;
use burn::tensor::Device;

pub use block::{ConvBlock, DenseBlock, FeatureBlock, InceptionBlock, ResidualBlock};
pub use classifier::{Classifier, DEFAULT_EPSILON};
pub use dropout::Dropout;
pub use entry::{ArchitectureEntry, LEAKY_SLOPE};
pub use error::ArchitectureError;
pub use layers::{LayerList, LayerMisfit, LayerProblem, ParseLayersError};
pub(crate) use limits::MAX_VALUES;
pub use network_too_large::NetworkTooLarge;
pub use normalisation::{Normalisation, NormalisationError};
pub use registry::ARCHITECTURES;
#[cfg(test)]
pub(crate) use testing::{TINY, TINY_DENSE, TINY_DROPOUT, TINY_RESIDUAL};

use self::builder::ClassifierBuilder;
use self::registry::{ArchitectureFamily, FAMILIES};
use crate::naming::tensor_specs;
use crate::training_config::TrainingConfig;

/// A network architecture, for images of any size that its windows fit.
///
/// ```
/// use tropex_train::zoo::Architecture;
///
/// let architecture: Architecture = "C8k3p1,BN,P,D32".parse()?;
/// assert_eq!(architecture.to_string(), "C8p1,BN,P,D32");
/// let named = Architecture::find("fcn4")?;
/// assert_eq!(named.to_string(), "fcn4");
/// # Ok::<(), tropex_train::zoo::ArchitectureError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Architecture {
    /// An architecture of the zoo.
    Zoo(&'static ArchitectureEntry),
    /// Layers in a line.
    Layers(LayerList),
}

/// The name, or the layers in a line.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zoo(entry) => f.write_str(entry.name),
            Self::Layers(layers) => layers.fmt(f),
        }
    }
}

/// Reads a name or layers in a line, as [`Display`](fmt::Display) writes them. Layers begin with an
/// uppercase letter, names do not.
impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.starts_with(|c: char| c.is_ascii_uppercase()) {
            true => Ok(Self::Layers(text.parse()?)),
            false => Self::find(text),
        }
    }
}

impl From<&'static ArchitectureEntry> for Architecture {
    fn from(entry: &'static ArchitectureEntry) -> Self {
        Self::Zoo(entry)
    }
}

impl From<LayerList> for Architecture {
    fn from(layers: LayerList) -> Self {
        Self::Layers(layers)
    }
}

impl Architecture {
    /// The architecture of the zoo with that name.
    ///
    /// # Errors
    /// [`ArchitectureError::Unknown`], with similar names.
    pub fn find(name: &str) -> Result<Self, ArchitectureError> {
        ArchitectureEntry::find(name).map(Self::Zoo)
    }

    /// A network for images `[channels, height, width]`, with starting weights drawn from `seed`.
    ///
    /// Weights follow He's uniform distribution, biases are zero, batch norm is the identity.
    /// They depend on the seed only, not on the device.
    ///
    /// # Errors
    /// The images do not fit the architecture.
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
    ///
    /// # Errors
    /// The images do not fit the architecture.
    pub fn skeleton(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Classifier, ArchitectureError> {
        let builder = ClassifierBuilder::new(self.activation(), shape, classes, device)?;
        match self {
            Self::Layers(layers) => Ok(layers.add_to(builder)?.logits().finish()),
            Self::Zoo(entry) => {
                let builder = (entry.build)(builder);
                match builder.fits() {
                    true => Ok(builder.finish()),
                    false => {
                        let architecture = entry.name;
                        Err(ArchitectureError::ImagesTooSmall { architecture, shape })
                    }
                }
            }
        }
    }

    /// Whether a layer is a convolution.
    pub fn has_convolutions(&self) -> bool {
        match self {
            Self::Layers(layers) => layers.has_convolutions(),
            Self::Zoo(entry) => {
                let name = entry.leaky_of.unwrap_or(entry.name);
                let has_it = |family: &&ArchitectureFamily| {
                    family.members.iter().any(|member| member.name == name)
                };
                FAMILIES.iter().find(has_it).is_some_and(|family| family.has_convolutions)
            }
        }
    }

    fn activation(&self) -> ActivationConfig {
        match self {
            Self::Zoo(ArchitectureEntry { leaky_of: Some(_), .. }) => {
                LeakyReluConfig::new().with_negative_slope(LEAKY_SLOPE).into()
            }
            _ => ActivationConfig::Relu,
        }
    }

    /// Number of trained parameters, counted without allocating them.
    ///
    /// # Errors
    /// The images do not fit the architecture.
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

    /// The default settings of its training: for layers in a line, those of small networks.
    pub fn recipe(&self) -> TrainingConfig {
        match self {
            Self::Zoo(entry) => (entry.recipe)(),
            Self::Layers(_) => TrainingConfig::mnist(),
        }
    }
}

#[cfg(test)]
mod tests;
