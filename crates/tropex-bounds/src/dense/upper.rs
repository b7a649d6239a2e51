//! Upper bounds that multiply a number for each layer, for any graph of layers.

use num_bigint::BigUint;

use crate::binomial::zaslavsky;
use crate::deadline::Deadline;
use crate::{Bound, BoundError, BoundKind, BoundValue, HiddenLayer, LayerActivation, Structure};

pub(crate) const PATTERNS: Bound = Bound {
    name: "all patterns",
    kind: BoundKind::Upper,
    formula: "2^N; k for 2 where a unit is the maximum of k values",
    condition: "none",
    source: "the number of pieces of each unit, multiplied",
    evaluate: patterns,
};

/// A pooling of `k` values has one hyperplane for each pair of them (Serra et al. 2018, Theorem 8).
/// In a graph with branches, `d_l` is the dimension of all branches together.
pub(crate) const MONTUFAR_2017: Bound = Bound {
    name: "Montúfar 2017",
    kind: BoundKind::Upper,
    formula: "prod_l Z(n_l, d_l), d_l = min(n_0 ... n_l); n_l k(k-1)/2 for n_l where a unit is the \
              maximum of k values",
    condition: "none",
    source: "Montúfar, Notes on the Number of Linear Regions of Deep Neural Networks, SampTA 2017; \
             maxima of k values: Serra, Tjandraatmadja, Ramalingam, Bounding and Counting Linear \
             Regions of Deep Neural Networks, ICML 2018, Theorem 8",
    evaluate: montufar,
};

fn patterns(structure: &Structure, _: &Deadline) -> Result<BoundValue, BoundError> {
    let one = BigUint::from(1_u32);
    let pieces = |layer: &HiddenLayer| match layer.activation {
        LayerActivation::Relu | LayerActivation::LeakyRelu => &one << layer.units,
        LayerActivation::Of { pieces } => power(pieces, layer.units),
    };
    Ok(structure.layers().iter().map(pieces).product::<BigUint>().into())
}

fn power(base: usize, exponent: usize) -> BigUint {
    // `Structure` limits the number of units to 32 bits.
    BigUint::from(base).pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

fn montufar(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let factors = structure.layers().iter();
    let factors = factors.map(|layer| zaslavsky(layer.hyperplanes(), layer.dimension, deadline));
    Ok(factors.product::<Result<BigUint, _>>()?.into())
}
