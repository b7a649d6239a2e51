//! Which output of a model is computed, and what is left out at its end.

use std::fmt;

use crate::OnnxError;
use crate::graph::{OnnxGraph, OnnxNode, ValueIndex};

/// A node after the logits that is left out: it does not change which class is largest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedNode {
    /// Its name, or that of its first output.
    pub node: String,
    /// Its operator.
    pub operator: String,
}

impl fmt::Display for DroppedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.operator, self.node)
    }
}

/// The value that is computed.
pub(crate) struct ChosenOutput {
    /// Name of the output that it leads to.
    pub(crate) name: String,
    pub(crate) slot: ValueIndex,
    /// Nodes between it and the output, in order.
    pub(crate) dropped: Vec<DroppedNode>,
    /// Axes that the dropped nodes decide along: operator, axis.
    pub(crate) axes: Vec<(String, i64)>,
}

/// Operators that tell the largest class, or how sure a network is of it.
const DECISIONS: &[&str] = &[
    "Softmax",
    "LogSoftmax",
    "ArgMax",
    "Hardmax",
    "ZipMap",
    "ArrayFeatureExtractor",
    "Normalizer",
];

/// Operators that may stand between decisions.
const WRAPPINGS: &[&str] =
    &["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout"];

/// The output of a name, or the only one that leads to logits.
pub(crate) fn choose(graph: &OnnxGraph, name: Option<&str>) -> Result<ChosenOutput, OnnxError> {
    let names = || {
        let names: Vec<_> =
            graph.outputs.iter().map(|output| format!("`{}`", output.name)).collect();
        names.join(", ")
    };
    let ends: Vec<ChosenOutput> = graph
        .outputs
        .iter()
        .filter(|output| name.is_none_or(|name| name == output.name))
        .map(|output| before_decision(graph, &output.name, output.slot))
        .collect();
    if let (Some(name), true) = (name, ends.is_empty()) {
        return Err(OnnxError::Output(format!(
            "no output is named `{name}`; there are {}",
            names()
        )));
    }
    let is_only = |ends: &[&ChosenOutput]| ends.windows(2).all(|pair| pair[0].slot == pair[1].slot);
    let all: Vec<&ChosenOutput> = ends.iter().collect();
    let decided: Vec<&ChosenOutput> = ends.iter().filter(|end| !end.dropped.is_empty()).collect();
    let slot = match (is_only(&all), decided.first()) {
        (true, _) => ends[0].slot,
        (false, Some(first)) if is_only(&decided) => first.slot,
        _ => {
            return Err(OnnxError::Output(format!(
                "its outputs {} are different values; choose one by its name",
                names()
            )));
        }
    };
    // Of several outputs that lead to it, the one with the shortest way.
    let ways = ends.into_iter().filter(|end| end.slot == slot);
    ways.min_by_key(|end| end.dropped.len())
        .ok_or_else(|| OnnxError::Output("it has no output".into()))
}

/// Goes back from an output over decisions and what wraps them.
fn before_decision(graph: &OnnxGraph, name: &str, output: ValueIndex) -> ChosenOutput {
    let mut passed: Vec<&OnnxNode> = Vec::new();
    let (mut slot, mut before, mut count) = (output, output, 0);
    while let Some(node) = graph.maker(slot).map(|index| &graph.nodes[index]) {
        let is_decision = DECISIONS.contains(&node.operator.as_str());
        if !is_decision && !WRAPPINGS.contains(&node.operator.as_str()) {
            break;
        }
        // Labels are taken from a list at the position of the largest class.
        let input = usize::from(node.operator == "ArrayFeatureExtractor");
        let Some(&Some(input)) = node.inputs.get(input) else { break };
        passed.push(node);
        slot = input;
        if is_decision {
            (before, count) = (slot, passed.len());
        }
    }
    passed.truncate(count);
    passed.reverse();
    let axis = |node: &&OnnxNode| {
        let is_old = graph.opset < 13;
        let otherwise = match node.operator.as_str() {
            "Softmax" | "LogSoftmax" | "Hardmax" => {
                if is_old {
                    1
                } else {
                    -1
                }
            }
            "ArgMax" => 0,
            _ => return None,
        };
        let reader = crate::attributes::AttributeReader::new(&node.attributes);
        Some((node.operator.clone(), reader.int("axis").ok().flatten().unwrap_or(otherwise)))
    };
    ChosenOutput {
        name: name.to_owned(),
        slot: before,
        axes: passed.iter().filter_map(axis).collect(),
        dropped: passed
            .iter()
            .map(|node| DroppedNode { node: node.name.clone(), operator: node.operator.clone() })
            .collect(),
    }
}
