//! The stages of the pullback.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::Network;
use crate::network::ValueId;

/// Nodes that rows pass under known shifts: a maximum and the affine nodes before it. The stage
/// next to the logits has no maximum.
#[derive(Debug, PartialEq)]
pub(super) struct PullbackStage {
    pub(super) nodes: Range<usize>,
    /// The value at which all rows arrive: the output of the next stage's maximum, or the input.
    pub(super) end: ValueId,
    /// The values with rows that pass the stage, and `end`.
    pub(super) values: Vec<ValueId>,
}

/// The stages of a network, from the logits to the input.
pub(super) fn stages(network: &Network) -> Vec<PullbackStage> {
    let nodes = network.nodes();
    let maxima = (0..nodes.len()).filter(|&node| nodes[node].op().is_maximum());
    let starts: Vec<usize> = [0].into_iter().chain(maxima.map(|node| node + 1)).collect();
    let stage = |index: usize| {
        let start = starts[index];
        let end = starts.get(index + 1).copied().unwrap_or(nodes.len());
        let boundary = start.checked_sub(1).map_or(ValueId::INPUT, ValueId::of_node);
        let outputs = (start..end).map(ValueId::of_node);
        let inputs = nodes[start..end].iter().flat_map(|node| node.inputs().iter().copied());
        let values: BTreeSet<usize> =
            outputs.chain(inputs).chain([boundary]).map(ValueId::index).collect();
        let values = values.into_iter().map(ValueId::of_index).collect();
        PullbackStage { nodes: start..end, end: boundary, values }
    };
    (0..starts.len()).rev().map(stage).collect()
}
