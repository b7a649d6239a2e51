//! The request for an import of a model file.

use std::path::{Path, PathBuf};

use crate::data::Dataset;
use crate::zoo::Normalisation;

/// A model file to import, with its properties, which the caller has determined.
#[derive(Debug, Clone, Copy)]
pub struct ModelImport<'a> {
    /// The file.
    pub source: &'a Path,
    /// Files with weights beside it, as paths relative to its folder.
    pub external_data: &'a [PathBuf],
    /// Shape of a point of the model.
    pub input_shape: &'a [usize],
    /// Name of the output.
    pub output: &'a str,
    /// Whether the model reads channels last while the dataset has channels first.
    pub channels_last: bool,
    /// Number of parameters.
    pub parameters: usize,
    /// Normalisation before the model.
    pub normalisation: Option<&'a Normalisation>,
    /// The dataset, with a class for every output.
    pub data: &'a Dataset,
    /// Name of the device on the command line.
    pub device_name: &'a str,
}
