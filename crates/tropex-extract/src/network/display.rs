//! The network as text, one line per node.

use std::fmt;

use super::{Network, Node};
use crate::ops::extents;

/// Separator of the layers of a node that merges several layers.
const JOINED: &str = " + ";

impl Node {
    /// The operation and its settings, such as `conv2d 3x3, padding 1x1`.
    pub fn summary(&self) -> String {
        join([self.op.name(), &self.op.detail()])
    }

    /// The layers without repeated prefixes: `blocks.1.conv + norm`, where [`layer`](Self::layer)
    /// returns `blocks.1.conv + blocks.1.norm`.
    pub fn layer_summary(&self) -> String {
        let mut layers = self.layer().unwrap_or_default().split(JOINED);
        let first = layers.next().unwrap_or_default();
        let above = first.rfind('.').map_or("", |dot| &first[..=dot]);
        let others = layers.map(|layer| layer.strip_prefix(above).unwrap_or(layer));
        std::iter::once(first).chain(others).collect::<Vec<_>>().join(JOINED)
    }
}

/// The parts that are not empty, separated by spaces.
fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "v0 = input {}", extents(&self.input_shape))?;
        for (index, node) in self.nodes.iter().enumerate() {
            let inputs: Vec<_> =
                node.inputs.iter().map(|value| format!("v{}", value.index())).collect();
            let call = format!("{}({})", node.op.name(), inputs.join(", "));
            let text = join([&call, &node.op.detail(), node.layer().unwrap_or_default()]);
            writeln!(f, "v{} = {text} -> {}", index + 1, extents(&node.shape))?;
        }
        Ok(())
    }
}
