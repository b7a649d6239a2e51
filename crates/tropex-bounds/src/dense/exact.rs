//! Hyperplanes in general position: what one dense layer does exactly.

use crate::binomial::zaslavsky;
use crate::{Absent, Bound, Kind, Map, Maximum, Structure, Value, Watch};

const SOURCE: &str = "Zaslavsky, Facing up to Arrangements, 1975; Pascanu, Montúfar, Bengio, On the \
                      Number of Response Regions of Deep Feedforward Networks, 2014";

pub(crate) const ONE_LAYER: Bound = Bound {
    name: "Zaslavsky 1975",
    kind: Kind::Exact,
    formula: "Z(n_1, n_0)",
    condition: "one dense layer",
    source: SOURCE,
    evaluate: one_layer,
};

/// Positive weights and offsets after the first layer keep all later units active: the network is
/// then a positive sum of the first layer's units, which bends at each of their hyperplanes.
pub(crate) const FIRST_LAYER: Bound = Bound {
    name: "Zaslavsky 1975, layer 1",
    kind: Kind::Lower,
    formula: "Z(n_1, n_0)",
    condition: "all layers dense",
    source: SOURCE,
    evaluate: first_layer,
};

fn one_layer(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let [layer] = structure.chain()? else {
        return Err(Absent::not_applicable(format!("{} layers", structure.layers().len())));
    };
    match (&layer.map, layer.maximum) {
        (Map::Dense { bias: true }, Maximum::Relu | Maximum::LeakyRelu) => {
            Ok(zaslavsky(layer.units, structure.inputs(), watch)?.into())
        }
        (Map::Dense { bias: false }, _) => Err(Absent::not_applicable("layer 1 has no bias")),
        _ => Err(Absent::not_applicable(format!("layer 1 ({layer}) is not dense"))),
    }
}

fn first_layer(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let widths = structure.dense_widths()?;
    Ok(zaslavsky(widths[0], structure.inputs(), watch)?.into())
}
