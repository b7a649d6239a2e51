//! Errors of imports.

use std::path::PathBuf;

use thiserror::Error;

use crate::messages::listed;
use crate::weights::WeightsError;
use crate::zoo::{ArchitectureError, NormalisationError};

/// Largest number of layers or tensors in a message.
const MOST: usize = 24;

/// Why weights cannot be imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The architecture cannot be built for these images.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weights cannot be read or do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The normalisation cannot be applied.
    #[error(transparent)]
    Normalisation(#[from] NormalisationError),
    /// The epsilon of batch norms is out of range.
    #[error("{value} to be added to variances by batch norms, expected a number above 0")]
    Epsilon {
        /// The epsilon.
        value: f64,
    },
    /// The layers of the file do not match the layers of the network in exactly one way.
    #[error(
        "{}: {problem}; in the file: {}; in the network: {}",
        path.display(), listed(file, MOST), listed(network, MOST)
    )]
    Layers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// Names and shapes of these layers in the file.
        file: Vec<String>,
        /// Names and shapes of these layers in the network.
        network: Vec<String>,
    },
    /// The file has no weights for the shortcuts.
    #[error(
        "{}: no weights for the projections of the shortcuts: {}; shortcuts that drop pixels and add \
         channels of zeros (option A) are 1x1 kernels of zeros and ones here: add those to the file",
        path.display(), listed(layers, MOST)
    )]
    Shortcuts {
        /// The file.
        path: PathBuf,
        /// Names and shapes of the layers in the network.
        layers: Vec<String>,
    },
    /// A weight has an unknown parametrization.
    #[error(
        "{}: `{layer}.{parameter}` is computed by a parametrization that is not known here; before \
         saving: torch.nn.utils.parametrize.remove_parametrizations(model.get_submodule({layer:?}), \
         {parameter:?})",
        path.display()
    )]
    Parametrization {
        /// The file.
        path: PathBuf,
        /// The layer.
        layer: String,
        /// The parameter that is computed.
        parameter: String,
    },
    /// The file has no layer or tensor with a mapped name.
    #[error("{}: no layer or tensor `{name}` to be mapped, only {}", path.display(), listed(names, MOST))]
    MapSource {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The layers of the file.
        names: Vec<String>,
    },
    /// The network has no layer with this name.
    #[error("no layer `{name}` in the network to map to, expected layers.0 to layers.{last}")]
    MapTarget {
        /// The name.
        name: String,
        /// Number of the last layer.
        last: usize,
    },
}
