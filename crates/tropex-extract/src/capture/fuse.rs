//! Fusion of consecutive affine maps: a bias or a batch norm becomes part of the linear layer or
//! convolution before it.
//!
//! Fused maps need fewer passes over memory. The worst-case gauge treats a fused map as one affine
//! map, without a shift inside.

use burn::tensor::{Tensor, TensorData};

use crate::network::{Node, ValueId};
use crate::ops::{Batched, Conv, ElementwiseAffine, Linear, Op, Spatial};
use crate::{ComputeTarget, Network};

pub(super) fn fuse(network: &Network) -> Network {
    let uses = uses(network);
    let mut nodes: Vec<Node> = Vec::with_capacity(network.nodes.len());
    // The value of the new network for every value of the old network.
    let mut new_values = vec![ValueId::INPUT];
    for node in &network.nodes {
        let inputs: Vec<_> = node.inputs.iter().map(|value| new_values[value.index()]).collect();
        let joined = match (&node.op, inputs.as_slice()) {
            (Op::ElementwiseAffine(affine), [before]) if uses[node.inputs[0].index()] == 1 => {
                before.node().and_then(|before| join(&nodes[before].op, affine, &network.target))
            }
            _ => None,
        };
        match joined {
            Some(op) => {
                let before = inputs[0].node().expect("a joined operation follows a node");
                nodes[before].layer = both(nodes[before].layer.take(), node.layer.clone());
                nodes[before].op = op;
                new_values.push(inputs[0]);
            }
            None => {
                new_values.push(ValueId::of_node(nodes.len()));
                nodes.push(Node { inputs, ..node.clone() });
            }
        }
    }
    Network {
        input_shape: network.input_shape.clone(),
        nodes,
        output: new_values[network.output.index()],
        output_activations: network.output_activations.clone(),
        target: network.target.clone(),
    }
}

/// Number of readers of every value. The output has one more reader, the caller.
fn uses(network: &Network) -> Vec<usize> {
    let mut uses = vec![0; network.nodes.len() + 1];
    let inputs = network.nodes.iter().flat_map(|node| &node.inputs);
    inputs.for_each(|value| uses[value.index()] += 1);
    uses[network.output.index()] += 1;
    uses
}

fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first} + {second}")),
        (first, second) => first.or(second),
    }
}

fn join(before: &Op, affine: &ElementwiseAffine, target: &ComputeTarget) -> Option<Op> {
    match before {
        Op::Linear(linear) => join_linear(linear, affine, target),
        Op::Conv2d(conv) => join_conv(conv, affine, target),
        Op::Conv3d(conv) => join_conv(conv, affine, target),
        Op::Batched(each) => {
            let affine = affine.of_each(each.pieces(), target)?;
            Some(Batched::of(join(each.op(), &affine, target)?, each.pieces()))
        }
        _ => None,
    }
}

fn join_linear(linear: &Linear, affine: &ElementwiseAffine, target: &ComputeTarget) -> Option<Op> {
    let [inputs, outputs] = linear.extents();
    let scale = ChannelAffine::of(affine, outputs)?;
    let bias = TensorData::new(scale.bias(linear.bias()), [1, outputs]);
    let linear = match &scale.factors {
        None => linear.clone(),
        Some(factors) => {
            let weights = linear.weight().iter::<f64>().zip(factors.iter().cycle());
            let scaled: Vec<f64> = weights.map(|(weight, factor)| weight * factor).collect();
            Linear::new(TensorData::new(scaled, [inputs, outputs]), target)
        }
    };
    Some(linear.with_bias(bias, target).into())
}

fn join_conv<const S: usize, const D: usize>(
    conv: &Conv<S, D>,
    affine: &ElementwiseAffine,
    target: &ComputeTarget,
) -> Option<Op>
where
    Tensor<D>: Spatial<S>,
    Op: From<Conv<S, D>>,
{
    let channels = conv.channels();
    let scale = ChannelAffine::of(affine, channels)?;
    let bias = TensorData::new(scale.bias(conv.bias()), [channels]);
    let conv = match &scale.factors {
        None => conv.clone(),
        Some(factors) => conv.with_weight(conv.scaled_weight(factors), target),
    };
    Some(conv.with_bias(bias, target).into())
}

/// An elementwise affine map with one factor and one offset per channel.
struct ChannelAffine {
    factors: Option<Vec<f64>>,
    offsets: Vec<f64>,
}

impl ChannelAffine {
    /// The map in channels of `[outputs, cells]`; `None` if it differs between the cells of a
    /// channel.
    fn of(affine: &ElementwiseAffine, outputs: usize) -> Option<Self> {
        let per_output = |data: &TensorData| -> Option<Vec<f64>> {
            let values: Vec<f64> = data.iter().collect();
            let cells = values.chunks_exact(values.len() / outputs);
            let is_uniform =
                cells.clone().all(|cells| cells.iter().all(|value| *value == cells[0]));
            is_uniform.then(|| cells.map(|cells| cells[0]).collect())
        };
        let factors = match affine.factor() {
            None => None,
            Some(factor) => Some(per_output(factor)?),
        };
        let offsets = match affine.offset() {
            None => vec![0.0; outputs],
            Some(offset) => per_output(offset)?,
        };
        Some(Self { factors, offsets })
    }

    /// The fused bias `factor * bias + offset`.
    fn bias(&self, bias: Option<&TensorData>) -> Vec<f64> {
        let bias: Vec<f64> = bias.map(|bias| bias.iter().collect()).unwrap_or_default();
        let output = |(index, offset): (usize, &f64)| {
            let factor = self.factors.as_ref().map_or(1.0, |factors| factors[index]);
            factor * bias.get(index).unwrap_or(&0.0) + offset
        };
        self.offsets.iter().enumerate().map(output).collect()
    }
}
