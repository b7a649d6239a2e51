//! Exact numbers for one dense layer: hyperplanes in general position.

use crate::binomial::zaslavsky;
use crate::deadline::Deadline;
use crate::{AffineMap, Bound, BoundError, BoundKind, BoundValue, LayerActivation, Structure};

const SOURCE: &str = "Zaslavsky, Facing up to Arrangements, 1975; Pascanu, Montúfar, Bengio, On \
                      the Number of Response Regions of Deep Feedforward Networks, 2014";

pub(crate) const ONE_LAYER: Bound = Bound {
    name: "Zaslavsky 1975",
    kind: BoundKind::Exact,
    formula: "Z(n_1, n_0)",
    condition: "one dense layer",
    source: SOURCE,
    evaluate: one_layer,
};

/// With positive weights and offsets after the first layer, all later units are active. The network
/// is then a positive sum of the units of the first layer, and has their regions.
pub(crate) const FIRST_LAYER: Bound = Bound {
    name: "Zaslavsky 1975, layer 1",
    kind: BoundKind::Lower,
    formula: "Z(n_1, n_0)",
    condition: "all layers dense",
    source: SOURCE,
    evaluate: first_layer,
};

fn one_layer(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let [layer] = structure.chain()? else {
        return Err(BoundError::not_applicable(format!("{} layers", structure.layers().len())));
    };
    match (&layer.map, layer.activation) {
        (AffineMap::Dense { bias: true }, LayerActivation::Relu | LayerActivation::LeakyRelu) => {
            Ok(zaslavsky(layer.units, structure.inputs(), deadline)?.into())
        }
        (AffineMap::Dense { bias: false }, _) => {
            Err(BoundError::not_applicable("layer 1 has no bias"))
        }
        _ => Err(BoundError::not_applicable(format!("layer 1 ({layer}) is not dense"))),
    }
}

fn first_layer(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let widths = structure.dense_widths()?;
    Ok(zaslavsky(widths[0], structure.inputs(), deadline)?.into())
}
