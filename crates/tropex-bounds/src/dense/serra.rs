//! The upper bound that remembers how many units of each layer are active: inactive ones make the
//! image of a region lose dimensions.
//!
//! `R(l, d)`, the most regions from layer `l` on where the image has `d` dimensions, is
//! `sum_j C(n_l, j) R(l + 1, min(d, n_l - j))` over `j = 0 ... min(d, n_l)` inactive units. One
//! pass over the layers carries `f[d]`, the number of regions with `d` dimensions so far.

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::binomial::{Binomials, zaslavsky_numbers};
use crate::rank::ranks;
use crate::{Absent, Bound, Kind, Layer, Maximum, Structure, Value, Watch};

/// The most memory that regions by dimension may take, in bytes.
const MOST_MEMORY: usize = 2 << 30;

const SOURCE: &str = "Serra, Tjandraatmadja, Ramalingam, Bounding and Counting Linear Regions of \
                      Deep Neural Networks, ICML 2018, Theorem 1; maxima of k values: Theorem 8";

pub(crate) const ANY_WEIGHTS: Bound = Bound {
    name: "Serra 2018, Thm 1",
    kind: Kind::Upper,
    formula: "sum over j_1 ... j_L of prod_l C(n_l, j_l), j_l <= min(n_0, n_1 - j_1, ..., \
              n_(l-1) - j_(l-1), n_l)",
    condition: "layers in a row",
    source: SOURCE,
    evaluate: any_weights,
};

pub(crate) const TRAINED: Bound = Bound {
    name: "Serra 2018, Thm 1, ranks",
    kind: Kind::TrainedUpper,
    formula: "as Theorem 1, with j_l also at most the ranks of the weights up to layer l",
    condition: "these weights",
    source: SOURCE,
    evaluate: trained,
};

fn any_weights(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let layers = structure.chain()?.iter();
    Ok(count(structure.inputs(), layers.map(|layer| (layer, layer.dimension)), watch)?.into())
}

fn trained(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let layers = structure.chain()?;
    let Some(network) = structure.trained_network() else {
        return Err(Absent::not_applicable("no trained weights"));
    };
    let ranks = ranks(network, watch)?;
    let caps = ranks.iter().zip(layers).map(|(&rank, layer)| rank.min(layer.dimension));
    let number = count(structure.inputs(), layers.iter().zip(caps), watch)?;
    Ok(Value { ranks: Some(ranks), ..number.into() })
}

/// Regions of layers whose units read an image of at most so many dimensions each.
fn count<'a>(
    inputs: usize,
    layers: impl Iterator<Item = (&'a Layer, usize)> + Clone,
    watch: &Watch,
) -> Result<BigUint, Absent> {
    check_memory(layers.clone())?;
    layers.clone().for_each(|(layer, cap)| watch.expect(cap.min(layer.units) + 1));
    let first = layers.clone().next().map_or(inputs, |(_, cap)| cap.min(inputs));
    let mut regions = vec![BigUint::ZERO; first];
    regions.push(BigUint::from(1_u32));
    for (layer, cap) in layers {
        regions = merge_above(regions, cap);
        regions = match layer.maximum {
            Maximum::Relu => rectify(&regions, layer.units, watch)?,
            Maximum::LeakyRelu | Maximum::Of { .. } => cut(&regions, layer, watch)?,
        };
    }
    Ok(regions.iter().sum())
}

/// Regions with more dimensions than `cap` count as having that many.
fn merge_above(mut regions: Vec<BigUint>, cap: usize) -> Vec<BigUint> {
    let above: BigUint = regions.iter().skip(cap + 1).sum();
    regions.truncate(cap + 1);
    if let Some(last) = regions.last_mut() {
        *last += above;
    }
    regions
}

/// A layer of ReLUs. Regions come to have `e` dimensions in two ways: from more than `e`, where
/// just `e` units are active, and from `e`, where at least `e` are.
fn rectify(regions: &[BigUint], width: usize, watch: &Watch) -> Result<Vec<BigUint>, Absent> {
    let count = width.min(regions.len() - 1) + 1;
    let from = sums_from(regions);
    let factors: Vec<_> = Binomials::new(width).zip(zaslavsky_numbers(width)).take(count).collect();
    let after = (0..count).into_par_iter().map(|e| {
        watch.step()?;
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

/// A layer of units that all pass something on: as many dimensions are left as there are units.
fn cut(regions: &[BigUint], layer: &Layer, watch: &Watch) -> Result<Vec<BigUint>, Absent> {
    let mut after = vec![BigUint::ZERO; layer.units.min(regions.len() - 1) + 1];
    let last = after.len() - 1;
    for ((d, regions), cuts) in
        regions.iter().enumerate().zip(zaslavsky_numbers(layer.hyperplanes()))
    {
        watch.step()?;
        after[d.min(last)] += regions * cuts;
    }
    Ok(after)
}

/// Four lists, of as many numbers as there are dimensions, each of at most one bit a hyperplane.
fn check_memory<'a>(layers: impl Iterator<Item = (&'a Layer, usize)>) -> Result<(), Absent> {
    let mut bits = 0_usize;
    for (layer, cap) in layers {
        bits =
            bits.saturating_add(layer.hyperplanes().min(cap.saturating_mul(usize::BITS as usize)));
        if (cap + 1).saturating_mul(bits / 8).saturating_mul(4) > MOST_MEMORY {
            return Err(Absent::TooLarge);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Map;

    fn layer(units: usize, maximum: Maximum, dimension: usize) -> Layer {
        Layer { map: Map::Dense { bias: true }, maximum, units, dimension }
    }

    /// The definition, with an ordinary integer: `R(l, d)` by recursion.
    fn by_definition(dimension: usize, layers: &[(Layer, usize)]) -> u128 {
        let Some(((layer, cap), rest)) = layers.split_first() else { return 1 };
        let (d, n) = (dimension.min(*cap), layer.units);
        let hyperplanes = layer.hyperplanes();
        match layer.maximum {
            Maximum::Relu => {
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
    fn one_pass_over_the_layers_is_the_recursion() {
        let watch = Watch::new(None, &|_, _| {});
        let maxima = [Maximum::Relu, Maximum::LeakyRelu, Maximum::Of { pieces: 3 }];
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
                    // A third of the cases has ReLUs alone, as in the theorem.
                    let maximum = maxima[if case % 3 == 0 { 0 } else { next(3) }];
                    let units = 1 + next(7);
                    (layer(units, maximum, inputs), if case % 2 == 0 { 99 } else { next(7) })
                })
                .collect();
            let found = count(inputs, layers.iter().map(|(layer, cap)| (layer, *cap)), &watch);
            let expected = by_definition(inputs, &layers);
            assert_eq!(found, Ok(BigUint::from(expected)), "{inputs} {layers:?}");
        }
    }
}
