//! What makes weights impossible to import.

use std::path::PathBuf;

use thiserror::Error;

use crate::weights::WeightsError;
use crate::zoo::{ArchitectureError, NormalisationError};

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
    /// Images cannot be normalised like that.
    #[error(transparent)]
    Normalisation(#[from] NormalisationError),
    /// Batch norms cannot add that to variances.
    #[error("{value} to be added to variances by batch norms, expected a number above 0")]
    Epsilon {
        /// The number.
        value: f64,
    },
    /// The layers of the file are not those of the network, or could be several of them.
    #[error(
        "{}: {problem}; in the file: {}; in the network: {}",
        path.display(), listed(file), listed(network)
    )]
    Layers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// Names and shapes of the layers in question in the file.
        file: Vec<String>,
        /// And in the network.
        network: Vec<String>,
    },
    /// The shortcuts of the file have no weights.
    #[error(
        "{}: no weights for the projections of the shortcuts: {}; shortcuts that drop pixels and add \
         channels of zeros (option A) are 1x1 kernels of zeros and ones here: add those to the file",
        path.display(), listed(layers)
    )]
    Shortcuts {
        /// The file.
        path: PathBuf,
        /// Names and shapes of the layers in the network.
        layers: Vec<String>,
    },
    /// A weight is computed from others in a way that is not known.
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
        /// What is computed.
        parameter: String,
    },
    /// Nothing in the file has the name that was to be mapped.
    #[error("{}: no layer or tensor `{name}` to be mapped, only {}", path.display(), listed(names))]
    MapSource {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The layers there are.
        names: Vec<String>,
    },
    /// The network has no layer of that name.
    #[error("no layer `{name}` in the network to map to, expected layers.0 to layers.{last}")]
    MapTarget {
        /// The name.
        name: String,
        /// Number of the last layer.
        last: usize,
    },
}

/// Things of which there may be any number.
fn listed(things: &[String]) -> String {
    const MOST: usize = 24;
    match things.len().checked_sub(MOST) {
        _ if things.is_empty() => "none".into(),
        Some(more @ 1..) => format!("{} and {more} more", things[..MOST].join(", ")),
        _ => things.join(", "),
    }
}
