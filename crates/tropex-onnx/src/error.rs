//! Errors, one line for every cause.

use std::fmt;
use std::path::PathBuf;

/// Why a model cannot be opened or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The model, or a file with its tensors.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// The file is not an ONNX model, or contradicts itself.
    #[error("{} cannot be read as an ONNX model: {reason}", path.display())]
    Damaged {
        /// The model.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The chosen output depends on nodes that are not piecewise linear or not supported. The list
    /// has all of them.
    #[error("{}", node_lines(.0))]
    Unsupported(Vec<UnsupportedNode>),
    /// No output has the requested name.
    #[error("no output is named `{name}`; there are {}", quoted(outputs))]
    UnknownOutput {
        /// The requested name.
        name: String,
        /// Names of the outputs.
        outputs: Vec<String>,
    },
    /// Several outputs have different values, and none was chosen.
    #[error("its outputs {} are different values; choose one by its name", quoted(outputs))]
    SeveralOutputs {
        /// Names of the outputs.
        outputs: Vec<String>,
    },
    /// The output cannot be used.
    #[error("{0}")]
    Output(String),
    /// The model has several inputs.
    #[error(
        "it takes {} inputs, {}; only models of one input are supported",
        inputs.len(), quoted(inputs)
    )]
    SeveralInputs {
        /// Names of the inputs.
        inputs: Vec<String>,
    },
    /// The file leaves the shape of the input open.
    #[error(
        "the file leaves the shape of its input `{input}` open, {shape}; give the shape of one point"
    )]
    OpenInput {
        /// Name of the input.
        input: String,
        /// The known extents, with `?` for the others.
        shape: String,
    },
    /// The model's input is not a single batch of points, or the given points have another shape or
    /// type.
    #[error("{0}")]
    Input(String),
    /// The model computes other outputs for a batch than for its points.
    #[error("{0}")]
    Batch(String),
}

/// A node that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedNode {
    /// Name of the node, or of its first output.
    pub node: String,
    /// Operator, with its domain if that is not ONNX's own.
    pub operator: String,
    /// Known shapes of the inputs; `n` is the number of points.
    pub shapes: String,
    /// The reason, and what to do.
    pub reason: String,
}

impl fmt::Display for UnsupportedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, operator, shapes, reason } = self;
        write!(f, "node `{node}` ({operator}{shapes}): {reason}")
    }
}

/// Names in backticks.
fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// A node in one line, or a line per node.
fn node_lines(nodes: &[UnsupportedNode]) -> String {
    match nodes {
        [node] => node.to_string(),
        nodes => {
            let lines: Vec<_> = nodes.iter().map(|node| format!("\n  {node}")).collect();
            format!("{} nodes cannot be used:{}", nodes.len(), lines.join(";"))
        }
    }
}

/// Why a node cannot be computed.
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
