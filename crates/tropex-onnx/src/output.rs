//! The choice of an output, and the nodes that are left out before it.

use std::fmt;

use crate::OnnxError;
use crate::graph::{OnnxGraph, OnnxNode, ValueIndex};

/// A node after the logits that is left out, because it keeps the order of the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedNode {
    /// Name of the node, or of its first output.
    pub node: String,
    /// Operator.
    pub operator: String,
}

impl fmt::Display for DroppedNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.operator, self.node)
    }
}

/// The chosen output.
pub(crate) struct ChosenOutput {
    /// Name of the output in the file.
    pub(crate) name: String,
    /// The computed value.
    pub(crate) slot: ValueIndex,
    /// Nodes between the computed value and the output, in order.
    pub(crate) dropped: Vec<DroppedNode>,
    /// Operators and axes of the dropped decisions.
    pub(crate) axes: Vec<(String, i64)>,
}

/// Operators that compute the largest class or probabilities.
const DECISIONS: &[&str] = &[
    "Softmax",
    "LogSoftmax",
    "ArgMax",
    "Hardmax",
    "ZipMap",
    "ArrayFeatureExtractor",
    "Normalizer",
];

/// Operators that may be between decisions.
const WRAPPINGS: &[&str] =
    &["Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Dropout"];

/// Chooses the output with a name, or the only output that leads to logits.
pub(crate) fn choose(graph: &OnnxGraph, name: Option<&str>) -> Result<ChosenOutput, OnnxError> {
    let names = || graph.outputs.iter().map(|output| output.name.clone()).collect();
    let ends: Vec<ChosenOutput> = graph
        .outputs
        .iter()
        .filter(|output| name.is_none_or(|name| name == output.name))
        .map(|output| before_decision(graph, &output.name, output.slot))
        .collect();
    if let (Some(name), true) = (name, ends.is_empty()) {
        return Err(OnnxError::UnknownOutput { name: name.to_owned(), outputs: names() });
    }
    let is_only = |ends: &[&ChosenOutput]| ends.windows(2).all(|pair| pair[0].slot == pair[1].slot);
    let all: Vec<&ChosenOutput> = ends.iter().collect();
    let decided: Vec<&ChosenOutput> = ends.iter().filter(|end| !end.dropped.is_empty()).collect();
    let slot = match (is_only(&all), decided.first()) {
        (true, _) => ends[0].slot,
        (false, Some(first)) if is_only(&decided) => first.slot,
        _ => return Err(OnnxError::SeveralOutputs { outputs: names() }),
    };
    // Of several outputs of one value, the one with the fewest dropped nodes.
    let candidates = ends.into_iter().filter(|end| end.slot == slot);
    candidates
        .min_by_key(|end| end.dropped.len())
        .ok_or_else(|| OnnxError::Output("it has no output".into()))
}

/// Walks back from an output over decisions and the operators between them.
fn before_decision(graph: &OnnxGraph, name: &str, output: ValueIndex) -> ChosenOutput {
    let mut passed: Vec<&OnnxNode> = Vec::new();
    let (mut slot, mut before, mut count) = (output, output, 0);
    while let Some(node) = graph.maker(slot).map(|index| &graph.nodes[index]) {
        let is_decision = DECISIONS.contains(&node.operator.as_str());
        if !is_decision && !WRAPPINGS.contains(&node.operator.as_str()) {
            break;
        }
        // The second input is the position of the largest class, and the first one a list of
        // labels.
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
