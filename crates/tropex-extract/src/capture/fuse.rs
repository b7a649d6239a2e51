//! Joining affine maps that follow each other: a bias, or a batch norm, becomes part of the linear
//! layer or convolution before it.
//!
//! Fewer passes over memory, and the gauge sees one affine map where there is one (MATH: maps that
//! follow each other count as one, with no shift between them).

use burn::tensor::TensorData;

use crate::Network;
use crate::network::{Node, ValueId};
use crate::ops::{Conv2d, Diagonal, Linear, Op};

pub(super) fn fuse(network: Network) -> Network {
    let uses = uses(&network);
    let mut nodes: Vec<Node> = Vec::with_capacity(network.nodes.len());
    // Where every value of the old network is found in the new one.
    let mut moved = vec![ValueId::INPUT];
    for node in &network.nodes {
        let inputs: Vec<_> = node.inputs.iter().map(|value| moved[value.index()]).collect();
        let joined = match (&node.op, inputs.as_slice()) {
            (Op::Diagonal(diagonal), [before]) if uses[node.inputs[0].index()] == 1 => {
                before.node().and_then(|before| join(&nodes[before], diagonal, &network))
            }
            _ => None,
        };
        match joined {
            Some(op) => {
                let before = inputs[0].node().expect("a joined operation follows a node");
                nodes[before].layer = both(nodes[before].layer.take(), node.layer.clone());
                nodes[before].op = op;
                moved.push(inputs[0]);
            }
            None => {
                moved.push(ValueId::of_node(nodes.len()));
                nodes.push(Node { inputs, ..node.clone() });
            }
        }
    }
    Network { nodes, output: moved[network.output.index()], ..network }
}

/// How often every value is read; the output is read once more, from outside.
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

fn join(before: &Node, diagonal: &Diagonal, network: &Network) -> Option<Op> {
    match &before.op {
        Op::Linear(linear) => join_linear(linear, diagonal, network),
        Op::Conv2d(conv) => {
            let channels = *before.shape.first()?;
            join_conv2d(conv, channels, diagonal, network)
        }
        _ => None,
    }
}

fn join_linear(linear: &Linear, diagonal: &Diagonal, network: &Network) -> Option<Op> {
    let [inputs, outputs] = linear.extents();
    // Features are `[positions, outputs]`: every position must be treated alike.
    let per_output = |data: &TensorData| {
        let values: Vec<f64> = data.iter().collect();
        let alike = values.chunks_exact(outputs).all(|chunk| *chunk == values[..outputs]);
        alike.then(|| values[..outputs].to_vec())
    };
    let scale = Scale::of(diagonal, outputs, per_output)?;
    let weight = scale.factors.as_ref().map_or_else(
        || linear.weight().clone(),
        |factors| {
            let weights = linear.weight().iter::<f64>().zip(factors.iter().cycle());
            let scaled: Vec<f64> = weights.map(|(weight, factor)| weight * factor).collect();
            TensorData::new(scaled, [inputs, outputs])
        },
    );
    let bias = TensorData::new(scale.bias(linear.bias()), [1, outputs]);
    Some(linear.with_constants(weight, bias, &network.placement).into())
}

fn join_conv2d(
    conv: &Conv2d,
    channels: usize,
    diagonal: &Diagonal,
    network: &Network,
) -> Option<Op> {
    // Features are `[channels, cells]`: every cell of a channel must be treated alike.
    let per_channel = |data: &TensorData| {
        let values: Vec<f64> = data.iter().collect();
        let planes = values.chunks_exact(values.len() / channels);
        let alike = planes.clone().all(|plane| plane.iter().all(|value| *value == plane[0]));
        alike.then(|| planes.map(|plane| plane[0]).collect())
    };
    let scale = Scale::of(diagonal, channels, per_channel)?;
    let weight = scale.factors.as_ref().map_or_else(
        || conv.weight().clone(),
        |factors| {
            let values: Vec<f64> = conv.weight().iter().collect();
            let kernels = values.chunks_exact(values.len() / channels).zip(factors);
            let scaled =
                kernels.flat_map(|(kernel, factor)| kernel.iter().map(move |w| w * factor));
            TensorData::new(scaled.collect::<Vec<f64>>(), conv.weight().shape().clone())
        },
    );
    let bias = TensorData::new(scale.bias(conv.bias()), [channels]);
    Some(conv.with_weights(weight, Some(bias), &network.placement).into())
}

/// A diagonal map that treats all cells of an output alike.
struct Scale {
    factors: Option<Vec<f64>>,
    offsets: Vec<f64>,
}

impl Scale {
    fn of(
        diagonal: &Diagonal,
        outputs: usize,
        per_output: impl Fn(&TensorData) -> Option<Vec<f64>>,
    ) -> Option<Self> {
        let factors = match diagonal.factor() {
            None => None,
            Some(factor) => Some(per_output(factor)?),
        };
        let offsets = match diagonal.offset() {
            None => vec![0.0; outputs],
            Some(offset) => per_output(offset)?,
        };
        Some(Self { factors, offsets })
    }

    /// `factor * bias + offset`.
    fn bias(&self, bias: Option<&TensorData>) -> Vec<f64> {
        let bias: Vec<f64> = bias.map(|bias| bias.iter().collect()).unwrap_or_default();
        let output = |(index, offset): (usize, &f64)| {
            let factor = self.factors.as_ref().map_or(1.0, |factors| factors[index]);
            factor * bias.get(index).unwrap_or(&0.0) + offset
        };
        self.offsets.iter().enumerate().map(output).collect()
    }
}
