//! Bounds for a network with one convolution.

use super::SOURCE;
use super::window_arrangement::WindowArrangement;
use crate::{AffineMap, Bound, BoundError, BoundKind, LayerActivation, Structure};

const CONDITION: &str = "one conv, no padding";

/// Published for all overlaps of windows. It does not hold for all, see
/// [`region_count`](super::region_count).
pub(crate) const EXACT: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: BoundKind::Exact,
    formula: "sum of prod C(d_1, t_ij) over all t_ij >= 0 with sum_P t_ij <= |union_P S_ij| for \
              every set P of positions, S_ij the inputs that position (i, j) sees",
    condition: "one conv, one axis",
    source: SOURCE,
    evaluate: |structure, deadline| Ok(arrangement(structure)?.exact(deadline)?.into()),
};

pub(crate) const LOWER: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: BoundKind::Lower,
    formula: "prod over windows of Z(d_1, inputs of their own)",
    condition: CONDITION,
    source: SOURCE,
    evaluate: |structure, deadline| Ok(arrangement(structure)?.lower(deadline)?.into()),
};

pub(crate) const UPPER: Bound = Bound {
    name: "Xiong 2020, one layer",
    kind: BoundKind::Upper,
    formula: "as the exact number up to 12 positions, else min(Z(positions d_1, n_0), \
              prod_ij Z(d_1, |S_ij|))",
    condition: CONDITION,
    source: SOURCE,
    evaluate: |structure, deadline| Ok(arrangement(structure)?.at_most(deadline)?.into()),
};

/// The hyperplanes of a network with one convolution.
fn arrangement(structure: &Structure) -> Result<WindowArrangement, BoundError> {
    let [layer] = structure.chain()? else {
        return Err(BoundError::not_applicable(format!("{} layers", structure.layers().len())));
    };
    match (&layer.map, layer.activation) {
        (AffineMap::Conv(shape), LayerActivation::Relu | LayerActivation::LeakyRelu) => {
            WindowArrangement::of(shape)
        }
        _ => Err(BoundError::not_applicable(format!("layer 1 ({layer}) is no convolution"))),
    }
}
