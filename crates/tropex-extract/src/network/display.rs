//! The network as text, a line per node.

use std::fmt;

use super::Network;

/// `32x32x3`-like text of a shape.
pub(crate) fn extents(shape: &[usize]) -> String {
    let extents: Vec<_> = shape.iter().map(ToString::to_string).collect();
    extents.join("x")
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "v0 = input {}", extents(&self.input_shape))?;
        for (index, node) in self.nodes.iter().enumerate() {
            let inputs: Vec<_> =
                node.inputs.iter().map(|value| format!("v{}", value.index())).collect();
            write!(f, "v{} = {}({})", index + 1, node.op.name(), inputs.join(", "))?;
            for part in [node.op.detail(), node.layer.clone().unwrap_or_default()] {
                if !part.is_empty() {
                    write!(f, " {part}")?;
                }
            }
            writeln!(f, " -> {}", extents(&node.shape))?;
        }
        Ok(())
    }
}
