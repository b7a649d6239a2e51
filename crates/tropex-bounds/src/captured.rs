//! The structure of a captured network.

use super::{Map, Maximum, Structure, Windows};
use crate::StructureError;
use tropex_extract::Network;
use tropex_extract::network::Node;
use tropex_extract::ops::Op;

impl Structure {
    /// The structure of a captured network, whatever its weights.
    ///
    /// Branches may fork and join: then bounds that need layers in a row do not apply. At every
    /// value, `dimension` is the most dimensions that the image of a region can have there: no more
    /// than before an operation, than there are features, or, in a sum, than both parts together.
    ///
    /// # Errors
    /// An operation that bends in a way that no bound knows; a network too wide for bounds.
    pub fn of(network: &Network) -> Result<Self, StructureError> {
        let inputs = network.features();
        let mut structure = Self::new(network.input_shape())?;
        let mut dimensions = vec![inputs];
        let mut branch = None;
        // What stands between the last layer and here.
        let mut maps = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            if branch.is_none() && !follows(node, index) {
                branch =
                    Some(format!("node {} ({}) belongs to a branch", index + 1, node.op().name()));
            }
            let read = node.inputs().iter().map(|value| dimensions[value.index()]);
            let dimension = read.sum::<usize>().min(inputs);
            let features = node.shape().iter().product::<usize>();
            match maximum(node.op())? {
                None => maps.push(map(node)),
                Some(maximum) => {
                    let map = join(std::mem::take(&mut maps));
                    structure = structure.layer(map, maximum, node.shape().to_vec(), dimension)?;
                }
            }
            dimensions.push(dimension.min(features));
        }
        Ok(structure.with_branch(branch))
    }

    /// The structure of a captured network with its weights, for bounds that look at them.
    ///
    /// # Errors
    /// As [`Structure::of`].
    pub fn trained(network: &Network) -> Result<Self, StructureError> {
        Ok(Self::of(network)?.with_weights(network))
    }
}

/// Whether a node reads what the node before it gives, and nothing else.
fn follows(node: &Node, index: usize) -> bool {
    matches!(node.inputs(), [value] if value.index() == index)
}

fn maximum(op: &Op) -> Result<Option<Maximum>, StructureError> {
    Ok(match op {
        Op::LeakyRelu(relu) if relu.slope() == Some(0.0) => Some(Maximum::Relu),
        Op::LeakyRelu(relu) if relu.slope() == Some(1.0) => None,
        Op::LeakyRelu(_) => Some(Maximum::LeakyRelu),
        Op::MaxPool2d(pool) => Some(Maximum::Of { pieces: pool.spec().kernel.iter().product() }),
        Op::Batched(each) => maximum(each.op())?,
        op if op.is_maximum() => {
            let expected = "relu, leaky relu or max pool, whose regions there are bounds for";
            return Err(StructureError::new("an operation of several pieces", op.name(), expected));
        }
        _ => None,
    })
}

fn map(node: &Node) -> Map {
    match node.op() {
        Op::Linear(linear) => Map::Dense { bias: linear.bias().is_some() },
        Op::Conv2d(conv) if !conv.is_transposed() => Map::Conv(Windows::of(conv)),
        Op::ElementwiseAffine(_) => Map::None,
        op => Map::Other(op.name().into()),
    }
}

/// One map for several that follow each other. Scaling before a dense map is part of it; scaling
/// elsewhere was made part of the map before it, where that is possible.
fn join(maps: Vec<Map>) -> Map {
    let scaled = maps.iter().take_while(|map| **map == Map::None).count();
    match &maps[scaled..] {
        [dense @ Map::Dense { .. }] => dense.clone(),
        [] if maps.is_empty() => Map::None,
        [map] if scaled == 0 => map.clone(),
        _ => {
            let name = |map: &Map| match map {
                Map::Dense { .. } => "linear".to_owned(),
                Map::Conv(_) => "conv".to_owned(),
                Map::None => "scale".to_owned(),
                Map::Other(name) => name.clone(),
            };
            Map::Other(maps.iter().map(name).collect::<Vec<_>>().join(" + "))
        }
    }
}
