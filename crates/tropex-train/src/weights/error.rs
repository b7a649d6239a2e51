//! What makes a file of weights unusable.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why weights cannot be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read weights {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write weights {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not what its name says, or is damaged.
    #[error("{} is not a readable weights file: {reason}; it may be damaged or cut short", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled over.
        reason: String,
    },
    /// The file is of another kind.
    #[error("{} {found}, expected a state dict of PyTorch or a safetensors file", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// Git LFS left a pointer in place of the file.
    #[error("{}: {text}", path.display())]
    Pointer {
        /// The file.
        path: PathBuf,
        /// What to say of it.
        text: &'static str,
    },
    /// The content changed since it was written.
    #[error("{} does not match its checksum; restore it, or make it again", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// There are tensors, but no weights.
    #[error(
        "{} holds no state dict; save one with torch.save(model.state_dict(), ...)", path.display()
    )]
    NoStateDict {
        /// The file.
        path: PathBuf,
    },
    /// There are several sets of weights.
    #[error("{} holds several state dicts: {}", path.display(), listed(names))]
    Entries {
        /// The file.
        path: PathBuf,
        /// The keys of the state dicts.
        names: Vec<String>,
    },
    /// There are no weights under that key.
    #[error("{} holds no state dict `{name}`, only {}", path.display(), listed(names))]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// The key asked for.
        name: String,
        /// The keys of the state dicts.
        names: Vec<String>,
    },
    /// A tensor is not there.
    #[error("{}: no tensor `{key}`, expected one of shape {shape:?}; do the weights belong to this architecture?", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// The shape that the network needs.
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
        /// The shape that the network needs.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor holds infinities or NaN.
    #[error("{}: tensor `{key}` holds {value} at {index}, expected finite numbers", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Position in the tensor, row by row.
        index: usize,
        /// What stands there.
        value: f32,
    },
    /// A tensor holds no floating-point numbers.
    #[error("{}: tensor `{key}` is of type {found}, expected f32, f64, f16 or bf16", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The name in the file.
        key: String,
        /// Its type.
        found: String,
    },
    /// The layers cannot be put in order.
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
    /// There are too many layers, or too few.
    #[error(
        "{}: {found} layers with parameters ({names}), expected {expected}; do the weights belong \
         to this architecture?", path.display()
    )]
    LayerCount {
        /// The file.
        path: PathBuf,
        /// Layers that the network has.
        expected: usize,
        /// Layers in the file.
        found: usize,
        /// Their names in the file.
        names: String,
    },
    /// The network cannot be used with them.
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

/// Names, of which a file may hold any number.
fn listed(names: &[String]) -> String {
    const MOST: usize = 20;
    let shown: Vec<_> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match names.len().checked_sub(MOST) {
        _ if names.is_empty() => "none".into(),
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
