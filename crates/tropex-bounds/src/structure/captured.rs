//! The structure of a captured network.

use super::{AffineMap, ConvShape, LayerActivation, Structure};
use crate::StructureError;
use tropex_extract::Network;
use tropex_extract::network::Node;
use tropex_extract::ops::Op;

impl Structure {
    /// The structure of a captured network, without its weights.
    ///
    /// A network with branches has a structure too, but bounds for chains of layers do not apply to
    /// it. The dimension of the image of a region at a value is at most the dimension at the input
    /// of the operation (for a sum: the sum of the dimensions of both inputs), and at most the
    /// number of features.
    ///
    /// # Errors
    /// An activation that no bound covers; a network too wide for bounds.
    pub fn of(network: &Network) -> Result<Self, StructureError> {
        let inputs = network.features();
        let mut structure = Self::new(network.input_shape())?;
        let mut dimensions = vec![inputs];
        let mut branch = None;
        // The affine maps since the last layer.
        let mut maps = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            if branch.is_none() && !follows(node, index) {
                branch =
                    Some(format!("node {} ({}) belongs to a branch", index + 1, node.op().name()));
            }
            let read = node.inputs().iter().map(|value| dimensions[value.index()]);
            let dimension = read.sum::<usize>().min(inputs);
            let features = node.shape().iter().product::<usize>();
            match activation(node.op())? {
                None => maps.push(map(node)),
                Some(activation) => {
                    let map = join(std::mem::take(&mut maps));
                    structure =
                        structure.layer(map, activation, node.shape().to_vec(), dimension)?;
                }
            }
            dimensions.push(dimension.min(features));
        }
        Ok(structure.with_branch(branch))
    }

    /// The structure of a captured network with its weights, for bounds that depend on them.
    ///
    /// # Errors
    /// As for [`Structure::of`].
    pub fn trained(network: &Network) -> Result<Self, StructureError> {
        Ok(Self::of(network)?.with_weights(network))
    }
}

/// Whether the only input of a node is the output of the previous node.
fn follows(node: &Node, index: usize) -> bool {
    matches!(node.inputs(), [value] if value.index() == index)
}

fn activation(op: &Op) -> Result<Option<LayerActivation>, StructureError> {
    Ok(match op {
        Op::LeakyRelu(relu) if relu.slope() == Some(0.0) => Some(LayerActivation::Relu),
        Op::LeakyRelu(relu) if relu.slope() == Some(1.0) => None,
        Op::LeakyRelu(_) => Some(LayerActivation::LeakyRelu),
        Op::MaxPool2d(pool) => {
            Some(LayerActivation::Of { pieces: pool.spec().kernel.iter().product() })
        }
        Op::Batched(each) => activation(each.op())?,
        op if op.is_maximum() => {
            let expected = "relu, leaky relu or max pool, whose regions there are bounds for";
            return Err(StructureError::new("an operation of several pieces", op.name(), expected));
        }
        _ => None,
    })
}

fn map(node: &Node) -> AffineMap {
    match node.op() {
        Op::Linear(linear) => AffineMap::Dense { bias: linear.bias().is_some() },
        Op::Conv2d(conv) if !conv.is_transposed() => AffineMap::Conv(ConvShape::of(conv)),
        Op::ElementwiseAffine(_) => AffineMap::None,
        op => AffineMap::Other(op.name().into()),
    }
}

/// The composition of maps. A scaling before a dense map becomes part of this map. A scaling after
/// a map was made part of it when the network was captured, where that is possible.
fn join(maps: Vec<AffineMap>) -> AffineMap {
    let scaled = maps.iter().take_while(|map| **map == AffineMap::None).count();
    match &maps[scaled..] {
        [dense @ AffineMap::Dense { .. }] => dense.clone(),
        [] if maps.is_empty() => AffineMap::None,
        [map] if scaled == 0 => map.clone(),
        _ => {
            let name = |map: &AffineMap| match map {
                AffineMap::Dense { .. } => "linear".to_owned(),
                AffineMap::Conv(_) => "conv".to_owned(),
                AffineMap::None => "scale".to_owned(),
                AffineMap::Other(name) => name.clone(),
            };
            AffineMap::Other(maps.iter().map(name).collect::<Vec<_>>().join(" + "))
        }
    }
}
