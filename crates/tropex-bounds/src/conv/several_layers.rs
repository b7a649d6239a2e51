//! Convolutions that follow each other.

use num_bigint::BigUint;

use super::arrangement::Arrangement;
use super::{SOURCE, Windows};
use crate::binomial::zaslavsky;
use crate::maximize::most_over_inputs;
use crate::{Absent, Bound, Kind, Map, Maximum, Structure, Value, Watch};

/// As for dense layers, input channels may be ignored: `p` of `d_0` are used.
pub(crate) const LOWER: Bound = Bound {
    name: "Xiong 2020, layers",
    kind: Kind::Lower,
    formula: "R prod_(l<L) floor(d_l / p)^(positions_l p), R the regions of layer L on p channels",
    condition: "conv, no padding, d_l >= p",
    source: SOURCE,
    evaluate: lower,
};

pub(crate) const UPPER: Bound = Bound {
    name: "Xiong 2020, layers",
    kind: Kind::Upper,
    formula: "R prod_(l>1) Z(n_l, n_0), R the regions of layer 1",
    condition: "conv, no padding",
    source: SOURCE,
    evaluate: upper,
};

/// The layers if all are convolutions that the theorem holds for.
fn layers(structure: &Structure) -> Result<Vec<(&Windows, Arrangement)>, Absent> {
    let layers = structure.chain()?;
    if layers.len() < 2 {
        return Err(Absent::not_applicable("fewer than two layers"));
    }
    let windows =
        layers.iter().enumerate().map(|(index, layer)| match (&layer.map, layer.maximum) {
            (Map::Conv(windows), Maximum::Relu) => Ok((windows, windows.arrangement()?)),
            _ => {
                let reason = format!("layer {} ({layer}) is no convolution with ReLU", index + 1);
                Err(Absent::not_applicable(reason))
            }
        });
    windows.collect()
}

fn lower(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let layers = layers(structure)?;
    let filters = layers.iter().map(|(windows, _)| windows.filters()).min().unwrap_or(0);
    let channels = layers[0].0.channels().min(filters);
    let (last, folded) = layers.split_last().ok_or(Absent::TooLarge)?;
    watch.expect(channels);
    most_over_inputs((1..=channels).map(|p| (p, ())), watch, |p, ()| {
        let folds = folded.iter().map(|(windows, arrangement)| {
            // Units fit into 32 bits: `Structure` sees to that.
            let exponent = u32::try_from(arrangement.positions() * p).unwrap_or(u32::MAX);
            BigUint::from(windows.filters() / p).pow(exponent)
        });
        let arrangement = Arrangement { channels: p, ..last.1 };
        Ok(folds.product::<BigUint>() * arrangement.at_least(watch)?)
    })
}

fn upper(structure: &Structure, watch: &Watch) -> Result<Value, Absent> {
    let first = layers(structure)?[0].1.at_most(watch)?;
    let later = structure.layers()[1..].iter();
    let factors = later.map(|layer| zaslavsky(layer.units, structure.inputs(), watch));
    Ok((first * factors.product::<Result<BigUint, _>>()?).into())
}
