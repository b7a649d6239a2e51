//! What can go wrong, in one line for every cause.

use std::fmt;
use std::path::PathBuf;

/// Why a model cannot be opened or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The model, or a file that holds its numbers.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not an ONNX model, or a part of it contradicts another.
    #[error("{} cannot be read as an ONNX model: {reason}", path.display())]
    Damaged {
        /// The model.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// Nodes that have no place in a piecewise-linear function, or that are not supported: all that
    /// the chosen output depends on.
    #[error("{}", listed(.0))]
    Unsupported(Vec<UnsupportedNode>),
    /// Several outputs lead to different values, or there is none of the name that was asked for.
    #[error("{0}")]
    Output(String),
    /// The model's input is not one batch of points, or a tensor of another shape or type was given.
    #[error("{0}")]
    Input(String),
    /// The model computes something else for several points than for each alone.
    #[error("{0}")]
    Batch(String),
}

/// A node that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedNode {
    /// Its name, or that of its first output.
    pub node: String,
    /// Its operator, with the domain if it is not ONNX's own.
    pub operator: String,
    /// Shapes of its inputs, as far as they are known; `n` stands for the points.
    pub shapes: String,
    /// Why, and what can be done.
    pub reason: String,
}

impl fmt::Display for UnsupportedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, operator, shapes, reason } = self;
        write!(f, "node `{node}` ({operator}{shapes}): {reason}")
    }
}

fn listed(nodes: &[UnsupportedNode]) -> String {
    match nodes {
        [node] => node.to_string(),
        nodes => {
            let lines = nodes.iter().map(|node| format!("\n  {node}"));
            format!("{} nodes cannot be used:{}", nodes.len(), lines.collect::<String>())
        }
    }
}

/// Why an operator cannot be computed as a node asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpError(pub(crate) String);

impl From<&str> for OpError {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<String> for OpError {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}
