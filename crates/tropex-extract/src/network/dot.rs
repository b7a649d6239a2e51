//! The network as a graph in the language of Graphviz.

use std::fmt::Write;

use super::{Network, Node, ValueId};
use crate::ops::extents;

/// Default style of nodes and edges.
const STYLE: &str = "\
    node [shape=box, style=filled, fillcolor=white, fontname=\"Helvetica\", fontsize=11];\n    \
    edge [arrowsize=0.7];\n";
const MAXIMUM: &str = "shape=invhouse, fillcolor=\"#f6d7b0\"";
const AFFINE_WITH_PARAMETERS: &str = "fillcolor=\"#d3e3f3\"";
const INPUT: &str = "shape=ellipse";
const LEFT_OUT: &str = "shape=ellipse, style=dashed";

impl Network {
    /// The network as a Graphviz graph; `dot -Tsvg` draws it.
    ///
    /// A node shows operation, layer and output shape. Maxima are inverted houses, affine nodes are
    /// boxes, coloured if they have parameters. Ellipses are the input and the omitted output
    /// activations.
    pub fn dot(&self) -> String {
        let mut text = format!("digraph network {{\n    {STYLE}");
        let mut line = |line: String| {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "    {line}");
        };
        line(node(ValueId::INPUT, &["input", &extents(&self.input_shape)], INPUT));
        for (index, of) in self.nodes.iter().enumerate() {
            let value = ValueId::of_node(index);
            let lines = [&of.summary(), &of.layer_summary(), &extents(of.shape())];
            line(node(value, &lines.map(String::as_str), look(of)));
            for input in of.inputs() {
                line(format!("v{} -> v{};", input.index(), value.index()));
            }
        }
        if !self.output_activations.is_empty() {
            let activations: Vec<_> =
                self.output_activations.iter().map(ToString::to_string).collect();
            let label = quoted(&[&format!("{}, left out", activations.join(", "))]);
            line(format!("output [label={label}, {LEFT_OUT}];"));
            line(format!("v{} -> output [style=dashed];", self.output.index()));
        }
        text + "}\n"
    }
}

fn look(node: &Node) -> &'static str {
    match (node.op().is_maximum(), node.op().parameters()) {
        (true, _) => MAXIMUM,
        (false, 0) => "",
        (false, _) => AFFINE_WITH_PARAMETERS,
    }
}

/// The statement that declares a node.
fn node(value: ValueId, lines: &[&str], look: &str) -> String {
    let separator = if look.is_empty() { "" } else { ", " };
    format!("v{} [label={}{separator}{look}];", value.index(), quoted(lines))
}

/// Lines as a quoted string with line breaks; empty lines are omitted.
fn quoted(lines: &[&str]) -> String {
    let escaped = lines.iter().filter(|line| !line.is_empty()).map(|line| {
        let escape = |c| match c {
            '"' | '\\' => format!("\\{c}"),
            // Other characters are not special in a label, except line breaks, which would end the
            // statement.
            '\n' | '\r' => " ".into(),
            _ => String::from(c),
        };
        line.chars().map(escape).collect::<String>()
    });
    format!("\"{}\"", escaped.collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_valid_for_every_name() {
        assert_eq!(quoted(&["relu", "", "2x3"]), r#""relu\n2x3""#);
        assert_eq!(quoted(&[r#"a "b" \N"#, "c\nd"]), r#""a \"b\" \\N\nc d""#);
    }
}
