//! The upper bound of Serra et al. 2018, Theorem 1. It uses the number of active units of each
//! layer: with few active units, the image of a region loses dimensions.
//!
//! `R(l, d)` is the largest number of regions from layer `l` on, for an image with `d` dimensions.
//! It is `sum_j C(n_l, j) R(l + 1, min(d, n_l - j))` over `j = 0 ... min(d, n_l)` inactive units.
//! One pass over the layers computes `regions[d]`, the number of regions whose image has `d`
//! dimensions.

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::binomial::{Binomials, zaslavsky_numbers};
use crate::deadline::Deadline;
use crate::rank::ranks;
use crate::{Bound, BoundError, BoundKind, BoundValue, HiddenLayer, LayerActivation, Structure};

/// Largest size in bytes of the numbers of regions by dimension.
const MAX_MEMORY: usize = 2 << 30;

const SOURCE: &str = "Serra, Tjandraatmadja, Ramalingam, Bounding and Counting Linear Regions of \
                      Deep Neural Networks, ICML 2018, Theorem 1; maxima of k values: Theorem 8";

pub(crate) const ANY_WEIGHTS: Bound = Bound {
    name: "Serra 2018, Thm 1",
    kind: BoundKind::Upper,
    formula: "sum over j_1 ... j_L of prod_l C(n_l, j_l), j_l <= min(n_0, n_1 - j_1, ..., \
              n_(l-1) - j_(l-1), n_l)",
    condition: "layers in a row",
    source: SOURCE,
    evaluate: any_weights,
};

pub(crate) const TRAINED: Bound = Bound {
    name: "Serra 2018, Thm 1, ranks",
    kind: BoundKind::TrainedUpper,
    formula: "as Theorem 1, with j_l also at most the ranks of the weights up to layer l",
    condition: "these weights",
    source: SOURCE,
    evaluate: trained,
};

fn any_weights(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let layers = structure.chain()?.iter();
    Ok(count(structure.inputs(), layers.map(|layer| (layer, layer.dimension)), deadline)?.into())
}

fn trained(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let layers = structure.chain()?;
    let Some(network) = structure.trained_network() else {
        return Err(BoundError::not_applicable("no trained weights"));
    };
    let ranks = ranks(network, deadline)?;
    let caps = ranks.iter().zip(layers).map(|(&rank, layer)| rank.min(layer.dimension));
    let number = count(structure.inputs(), layers.iter().zip(caps), deadline)?;
    Ok(BoundValue { ranks: Some(ranks), ..number.into() })
}

/// The number of regions of layers, each with an upper bound of the dimension of the image of a
/// region at its input.
fn count<'a>(
    inputs: usize,
    layers: impl Iterator<Item = (&'a HiddenLayer, usize)> + Clone,
    deadline: &Deadline,
) -> Result<BigUint, BoundError> {
    check_memory(layers.clone())?;
    layers.clone().for_each(|(layer, cap)| deadline.expect(cap.min(layer.units) + 1));
    let first = layers.clone().next().map_or(inputs, |(_, cap)| cap.min(inputs));
    let mut regions = vec![BigUint::ZERO; first];
    regions.push(BigUint::from(1_u32));
    for (layer, cap) in layers {
        regions = merge_above(regions, cap);
        regions = match layer.activation {
            LayerActivation::Relu => rectify(&regions, layer.units, deadline)?,
            LayerActivation::LeakyRelu | LayerActivation::Of { .. } => {
                cut(&regions, layer, deadline)?
            }
        };
    }
    Ok(regions.iter().sum())
}

/// Counts regions with more than `cap` dimensions as regions with `cap` dimensions.
fn merge_above(mut regions: Vec<BigUint>, cap: usize) -> Vec<BigUint> {
    let above: BigUint = regions.iter().skip(cap + 1).sum();
    regions.truncate(cap + 1);
    if let Some(last) = regions.last_mut() {
        *last += above;
    }
    regions
}

/// A layer of ReLUs. A region has `e` dimensions after the layer if it had more and exactly `e`
/// units are active, or if it had `e` and at least `e` units are active.
fn rectify(
    regions: &[BigUint],
    width: usize,
    deadline: &Deadline,
) -> Result<Vec<BigUint>, BoundError> {
    let count = width.min(regions.len() - 1) + 1;
    let from = sums_from(regions);
    let factors: Vec<_> = Binomials::new(width).zip(zaslavsky_numbers(width)).take(count).collect();
    let after = (0..count).into_par_iter().map(|e| {
        deadline.step()?;
        let more = from.get((e + 1).max(width - e));
        let lowered = more.map_or(BigUint::ZERO, |more| &factors[e].0 * more);
        Ok(lowered + &regions[e] * &factors[e.min(width - e)].1)
    });
    after.collect()
}

/// `sum of regions[d..]` for every `d`.
fn sums_from(regions: &[BigUint]) -> Vec<BigUint> {
    let sums = regions.iter().rev().scan(BigUint::ZERO, |sum, regions| {
        *sum += regions;
        Some(sum.clone())
    });
    let mut sums: Vec<_> = sums.collect();
    sums.reverse();
    sums
}

/// A layer whose units all depend on their input. The number of dimensions afterwards is at most
/// the number of units.
fn cut(
    regions: &[BigUint],
    layer: &HiddenLayer,
    deadline: &Deadline,
) -> Result<Vec<BigUint>, BoundError> {
    let mut after = vec![BigUint::ZERO; layer.units.min(regions.len() - 1) + 1];
    let last = after.len() - 1;
    for ((d, regions), cuts) in
        regions.iter().enumerate().zip(zaslavsky_numbers(layer.hyperplanes()))
    {
        deadline.step()?;
        after[d.min(last)] += regions * cuts;
    }
    Ok(after)
}

/// Checks the memory of four lists with a number for every dimension. A number has at most one bit
/// for every hyperplane.
fn check_memory<'a>(
    layers: impl Iterator<Item = (&'a HiddenLayer, usize)>,
) -> Result<(), BoundError> {
    let mut bits = 0_usize;
    for (layer, cap) in layers {
        bits =
            bits.saturating_add(layer.hyperplanes().min(cap.saturating_mul(usize::BITS as usize)));
        if (cap + 1).saturating_mul(bits / 8).saturating_mul(4) > MAX_MEMORY {
            return Err(BoundError::TooLarge);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::AffineMap;

    fn layer(units: usize, activation: LayerActivation, dimension: usize) -> HiddenLayer {
        HiddenLayer { map: AffineMap::Dense { bias: true }, activation, units, dimension }
    }

    /// `R(l, d)` by recursion, in machine integers.
    fn by_definition(dimension: usize, layers: &[(HiddenLayer, usize)]) -> u128 {
        let Some(((layer, cap), rest)) = layers.split_first() else { return 1 };
        let (d, n) = (dimension.min(*cap), layer.units);
        let hyperplanes = layer.hyperplanes();
        match layer.activation {
            LayerActivation::Relu => {
                (0..=d.min(n)).map(|j| choose(n, j) * by_definition(d.min(n - j), rest)).sum()
            }
            _ => {
                let cuts: u128 = (0..=d).map(|j| choose(hyperplanes, j)).sum();
                cuts * by_definition(d.min(n), rest)
            }
        }
    }

    fn choose(n: usize, k: usize) -> u128 {
        if k > n { 0 } else { (0..k).fold(1, |c, i| c * (n - i) as u128 / (i + 1) as u128) }
    }

    #[test]
    fn one_pass_over_the_layers_equals_the_recursion() {
        let deadline = Deadline::new(None, &|_, _| ControlFlow::Continue(()));
        let activations =
            [LayerActivation::Relu, LayerActivation::LeakyRelu, LayerActivation::Of { pieces: 3 }];
        let mut state = 7_usize;
        let mut next = |below: usize| {
            state =
                state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            (state >> 33) % below
        };
        for case in 0..600 {
            let inputs = 1 + next(6);
            let layers: Vec<_> = (0..1 + next(4))
                .map(|_| {
                    // A third of the cases has only ReLUs, as in the theorem.
                    let activation = activations[if case % 3 == 0 { 0 } else { next(3) }];
                    let units = 1 + next(7);
                    (layer(units, activation, inputs), if case % 2 == 0 { 99 } else { next(7) })
                })
                .collect();
            let found = count(inputs, layers.iter().map(|(layer, cap)| (layer, *cap)), &deadline);
            let expected = by_definition(inputs, &layers);
            assert_eq!(found, Ok(BigUint::from(expected)), "{inputs} {layers:?}");
        }
    }
}
