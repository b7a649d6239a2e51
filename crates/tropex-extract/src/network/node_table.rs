//! The nodes of a network as a table.

use serde::Serialize;

use super::{Network, Node};
use crate::ops::extents;

/// A node of a network in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NodeRow<'a> {
    /// Number of the node, from 1.
    pub node: usize,
    /// Nodes that it reads; 0 is the input.
    pub inputs: Vec<usize>,
    /// The layers of the module that it belongs to.
    pub layer: Option<&'a str>,
    /// Name of the operation.
    pub operation: &'static str,
    /// Settings of the operation.
    pub detail: String,
    /// Shape of the output.
    pub shape: &'a [usize],
    /// Number of parameters.
    pub parameters: usize,
    /// Number of units with more than one linear piece.
    pub units: usize,
}

impl<'a> NodeRow<'a> {
    fn new((node, of): (usize, &'a Node)) -> Self {
        Self {
            node,
            inputs: of.inputs().iter().map(|value| value.index()).collect(),
            layer: of.layer(),
            operation: of.op().name(),
            detail: of.op().detail(),
            shape: of.shape(),
            parameters: of.op().parameters(),
            units: of.units(),
        }
    }

    /// The inputs as text; empty if the node only reads the output of the node before.
    fn reads(&self) -> String {
        if self.inputs == [self.node - 1] {
            return String::new();
        }
        self.inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Network {
    /// The nodes, in order.
    pub fn node_rows(&self) -> Vec<NodeRow<'_>> {
        (1..).zip(self.nodes()).map(NodeRow::new).collect()
    }

    /// A heading and the nodes, as lines of cells. The column `reads` names the inputs of nodes
    /// that read other values than the output of the node before; it is left out if there are no
    /// such nodes. `count` writes numbers of parameters and units; zeros are dashes.
    pub fn node_table(&self, count: impl Fn(usize) -> String) -> Vec<Vec<String>> {
        let count = |number: usize| if number == 0 { "-".into() } else { count(number) };
        let heading = ["node", "reads", "layer", "operation", "output", "parameters", "units"];
        let rows = self.node_rows();
        let cells = rows.iter().zip(self.nodes()).map(|(row, node)| {
            [
                row.node.to_string(),
                row.reads(),
                node.layer_summary(),
                node.summary(),
                extents(row.shape),
                count(row.parameters),
                count(row.units),
            ]
        });
        let lines: Vec<_> = [heading.map(str::to_owned)].into_iter().chain(cells).collect();
        let branched = lines[1..].iter().any(|line| !line[1].is_empty());
        let shown = |line: [String; 7]| {
            let cells = line.into_iter().enumerate();
            cells.filter(|(column, _)| branched || *column != 1).map(|(_, cell)| cell).collect()
        };
        lines.into_iter().map(shown).collect()
    }

    /// The input, the number of classes, and what the network leaves out after the logits.
    pub fn ends_summary(&self) -> String {
        let left_out: Vec<_> = self.output_activations().iter().map(ToString::to_string).collect();
        let left_out = match left_out.as_slice() {
            [] => String::new(),
            left_out => format!(", {} at the output left out", left_out.join(" and ")),
        };
        let input = extents(self.input_shape());
        format!("input {input} (node 0), {} classes{left_out}", self.classes())
    }
}
