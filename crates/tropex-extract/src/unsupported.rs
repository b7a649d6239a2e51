//! Operations that cannot be captured.

use std::fmt;

use burn::backend::ir::OperationIr;

/// An operation that cannot be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedOperation {
    /// Position of the operation among the recorded operations.
    pub index: usize,
    /// Name of the operation in Burn.
    pub operation: String,
    /// Shape of the first input; `n` is the number of points.
    pub input_shape: String,
    /// The parameter that the operation reads, or the layer before it.
    pub place: String,
    /// The reason, and how to change the module.
    pub reason: String,
}

impl fmt::Display for UnsupportedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, operation, input_shape, place, reason } = self;
        write!(f, "operation {index} `{operation}` on {input_shape} {place}: {reason}")
    }
}

/// Burn's name of an operation: the innermost enum variant, without its operands.
pub(crate) fn operation_name(operation: &OperationIr) -> String {
    let text = format!("{operation:?}");
    let inner = text.split_once('(').map_or(text.as_str(), |(_, inner)| inner);
    let end = inner.find(['(', '{']).unwrap_or(inner.len());
    let name = inner[..end].rsplit(", ").next().unwrap_or(inner);
    name.trim().to_owned()
}
