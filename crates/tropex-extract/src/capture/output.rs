//! What is left out at the very end of a network.

use crate::Network;
use crate::network::OutputActivation;
use crate::ops::{ElementwiseAffine, Op};

/// Leaves out multiplications by one positive number at the end of a network with several classes,
/// such as the temperature before a softmax: they do not change which class is largest.
pub(super) fn drop_scales(mut network: Network) -> Network {
    if network.classes() == 1 {
        return network;
    }
    while let Some(node) = network.output.node().map(|node| &network.nodes[node]) {
        let Op::ElementwiseAffine(diagonal) = &node.op else { break };
        let Some(factor) = temperature(diagonal) else { break };
        network.output = node.inputs[0];
        network.output_activations.insert(0, OutputActivation::Scale(factor));
    }
    network
}

/// The positive number that a map multiplies all features by, if that is all it does.
fn temperature(diagonal: &ElementwiseAffine) -> Option<f64> {
    let mut factors = diagonal.factor()?.iter::<f64>();
    let first = factors.next().filter(|&first| first > 0.0 && diagonal.offset().is_none())?;
    factors.all(|factor| factor == first).then_some(first)
}
