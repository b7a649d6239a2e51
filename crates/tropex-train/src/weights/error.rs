//! Errors of files of weights.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::messages::listed;

/// Why weights cannot be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read weights {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write weights {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The file is damaged.
    #[error("{} is not a readable weights file: {reason}; it may be damaged or cut short", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file is of another kind.
    #[error("{} {found}, expected a state dict of PyTorch or a safetensors file", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What the file is.
        found: &'static str,
    },
    /// Git LFS left a pointer in place of the file.
    #[error("{}: {text}", path.display())]
    Pointer {
        /// The file.
        path: PathBuf,
        /// Explanation for the user.
        text: &'static str,
    },
    /// The content does not have the recorded checksum.
    #[error("{} does not match its checksum; restore it, or make it again", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// The file has tensors, but no weights.
    #[error(
        "{} holds no state dict; save one with torch.save(model.state_dict(), ...)", path.display()
    )]
    NoStateDict {
        /// The file.
        path: PathBuf,
    },
    /// The file has several sets of weights.
    #[error("{} holds several state dicts: {}", path.display(), quoted(names))]
    Entries {
        /// The file.
        path: PathBuf,
        /// The keys of the state dicts.
        names: Vec<String>,
    },
    /// The file has no weights with this key.
    #[error("{} holds no state dict `{name}`, only {}", path.display(), quoted(names))]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// The requested key.
        name: String,
        /// The keys of the state dicts.
        names: Vec<String>,
    },
    /// A tensor is missing.
    #[error("{}: no tensor `{key}`, expected one of shape {shape:?}; do the weights belong to this architecture?", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Shape in the network.
        shape: Vec<usize>,
    },
    /// A tensor is not part of the network.
    #[error("{}: tensor `{key}` has no place in this architecture", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
    },
    /// A tensor has the wrong shape.
    #[error("{}: tensor `{key}` has shape {found:?}, expected {expected:?}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Shape in the network.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A tensor has infinities or NaN.
    #[error("{}: tensor `{key}` holds {value} at {index}, expected finite numbers", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Index in the tensor, in row-major order.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A tensor is not of a floating-point type.
    #[error("{}: tensor `{key}` is of type {found}, expected f32, f64, f16 or bf16", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Its type.
        found: String,
    },
    /// The order of the layers is unclear.
    #[error(
        "{}: cannot tell which layer `{key}` belongs to; expected keys like layers.0.weight, \
         numbered in the order of the layers", path.display()
    )]
    LayerName {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
    },
    /// The number of layers is wrong.
    #[error(
        "{}: {found} layers with parameters ({names}), expected {expected}; do the weights belong \
         to this architecture?", path.display()
    )]
    LayerCount {
        /// The file.
        path: PathBuf,
        /// Layers of the network.
        expected: usize,
        /// Layers in the file.
        found: usize,
        /// Their names in the file.
        names: String,
    },
    /// The network overflows with these weights.
    #[error(
        "{}: with these weights the network gives outputs that are not finite, expected weights \
         small enough for f32", path.display()
    )]
    Overflow {
        /// The file.
        path: PathBuf,
    },
}

impl WeightsError {
    pub(crate) fn no_entry(path: &Path, name: &str, names: Vec<String>) -> Self {
        Self::NoEntry { path: path.into(), name: name.into(), names }
    }
}

/// Names in backticks, at most 20.
fn quoted(names: &[String]) -> String {
    listed(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>(), 20)
}
