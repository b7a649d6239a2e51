//! The operations of a network as a table, like that of `tropex inspect`.

use serde::Serialize;
use tropex_extract::Network;
use tropex_extract::network::Node;

/// An operation of a network.
#[derive(Serialize)]
pub(crate) struct NodeRow<'a> {
    node: usize,
    inputs: Vec<usize>,
    layer: Option<&'a str>,
    operation: &'static str,
    detail: String,
    shape: &'a [usize],
    parameters: usize,
    units: usize,
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
}

/// The operations, numbered from 1; 0 is the input.
pub(crate) fn rows(network: &Network) -> Vec<NodeRow<'_>> {
    (1..).zip(network.nodes()).map(NodeRow::new).collect()
}

/// The input, the table of operations, and the totals.
pub(crate) fn text(network: &Network) -> String {
    let dropped: Vec<_> = network.output_activations().iter().map(ToString::to_string).collect();
    let dropped = match dropped.as_slice() {
        [] => String::new(),
        dropped => format!(", {} at the output left out", dropped.join(" and ")),
    };
    let rows: Vec<[String; 7]> = (1..).zip(network.nodes()).map(cells).collect();
    let branched = rows.iter().any(|row| !row[1].is_empty());
    let heading = ["node", "reads", "layer", "operation", "output", "parameters", "units"];
    let lines = [heading.map(str::to_owned)].into_iter().chain(rows).map(|row| row.to_vec());
    let lines = lines.map(|mut line| {
        if !branched {
            line.remove(1);
        }
        line
    });
    format!(
        "input {} (node 0), {} classes{dropped}\n{}\n{} parameters, {} units with more than one \
         linear piece",
        extents(network.input_shape()),
        network.classes(),
        aligned(&lines.collect::<Vec<_>>()),
        network.parameters(),
        network.units()
    )
}

/// The cells of a node. The inputs are left out if it just reads the node before.
fn cells((node, of): (usize, &Node)) -> [String; 7] {
    let inputs: Vec<_> = of.inputs().iter().map(|value| value.index()).collect();
    let reads = match inputs == [node - 1] {
        true => String::new(),
        false => inputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let or_dash = |count: usize| if count == 0 { "-".into() } else { count.to_string() };
    [
        node.to_string(),
        reads,
        of.layer_summary(),
        of.summary(),
        extents(of.shape()),
        or_dash(of.op().parameters()),
        or_dash(of.units()),
    ]
}

/// Lines whose cells begin at the same column.
fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..lines[0].len()).map(|c| width(c).unwrap_or(0)).collect();
    let text = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// A shape as `3x32x32`.
pub(crate) fn extents(shape: &[usize]) -> String {
    tropex_extract::ops::extents(shape)
}
