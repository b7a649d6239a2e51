//! One convolution and nothing else.

use super::SOURCE;
use super::arrangement::Arrangement;
use crate::{Absent, Bound, Kind, Map, Maximum, Structure};

const CONDITION: &str = "one conv, no padding";

/// Published for windows that overlap in any way; it does not hold for all (see `arrangement`).
pub(crate) const EXACT: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: Kind::Exact,
    formula: "sum of prod C(d_1, t_ij) over all t_ij >= 0 with sum_P t_ij <= |union_P S_ij| for \
              every set P of positions, S_ij the inputs that position (i, j) sees",
    condition: "one conv, one axis",
    source: SOURCE,
    evaluate: |structure, watch| Ok(arrangement(structure)?.exact(watch)?.into()),
};

pub(crate) const LOWER: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: Kind::Lower,
    formula: "prod over windows of Z(d_1, inputs of their own)",
    condition: CONDITION,
    source: SOURCE,
    evaluate: |structure, watch| Ok(arrangement(structure)?.lower(watch)?.into()),
};

pub(crate) const UPPER: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: Kind::Upper,
    formula: "as the exact number up to 12 positions, else min(Z(positions d_1, n_0), \
              prod_ij Z(d_1, |S_ij|))",
    condition: CONDITION,
    source: SOURCE,
    evaluate: |structure, watch| Ok(arrangement(structure)?.at_most(watch)?.into()),
};

/// The hyperplanes of a network that is one convolution.
fn arrangement(structure: &Structure) -> Result<Arrangement, Absent> {
    let [layer] = structure.chain()? else {
        return Err(Absent::not_applicable(format!("{} layers", structure.layers().len())));
    };
    match (&layer.map, layer.maximum) {
        (Map::Conv(windows), Maximum::Relu | Maximum::LeakyRelu) => windows.arrangement(),
        _ => Err(Absent::not_applicable(format!("layer 1 ({layer}) is no convolution"))),
    }
}
