//! Output activations: operations at the end that do not change the class with the largest logit.

use crate::Network;
use crate::network::OutputActivation;
use crate::ops::{ElementwiseAffine, Op};

/// Omits multiplications by one positive number at the end of a network with several classes, such
/// as the temperature before a softmax.
pub(super) fn drop_scales(mut network: Network) -> Network {
    if network.classes() == 1 {
        return network;
    }
    while let Some(node) = network.output.node().map(|node| &network.nodes[node]) {
        let Op::ElementwiseAffine(affine) = &node.op else { break };
        let Some(factor) = temperature(affine) else { break };
        network.output = node.inputs[0];
        network.output_activations.insert(0, OutputActivation::Scale(factor));
    }
    network
}

/// The positive factor of a map that multiplies all features by one number; `None` for other maps.
fn temperature(affine: &ElementwiseAffine) -> Option<f64> {
    let mut factors = affine.factor()?.iter::<f64>();
    let first = factors.next().filter(|&first| first > 0.0 && affine.offset().is_none())?;
    factors.all(|factor| factor == first).then_some(first)
}
