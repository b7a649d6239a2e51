//! Bounds for a chain of convolutions.

use num_bigint::BigUint;

use super::SOURCE;
use super::window_arrangement::WindowArrangement;
use crate::binomial::zaslavsky;
use crate::deadline::Deadline;
use crate::maximize::maximize_over_inputs;
use crate::{
    AffineMap, Bound, BoundError, BoundKind, BoundValue, ConvShape, LayerActivation, Structure,
};

/// Uses `p` of the `d_0` input channels and ignores the others.
pub(crate) const LOWER: Bound = Bound {
    name: "Xiong 2020, layers",
    kind: BoundKind::Lower,
    formula: "R prod_(l<L) floor(d_l / p)^(positions_l p), R the regions of layer L on p channels",
    condition: "conv, no padding, d_l >= p",
    source: SOURCE,
    evaluate: lower,
};

pub(crate) const UPPER: Bound = Bound {
    name: "Xiong 2020, layers",
    kind: BoundKind::Upper,
    formula: "R prod_(l>1) Z(n_l, n_0), R the regions of layer 1",
    condition: "conv, no padding",
    source: SOURCE,
    evaluate: upper,
};

/// The layers, if all are convolutions that the theorem holds for.
fn layers(structure: &Structure) -> Result<Vec<(&ConvShape, WindowArrangement)>, BoundError> {
    let layers = structure.chain()?;
    if layers.len() < 2 {
        return Err(BoundError::not_applicable("fewer than two layers"));
    }
    let shapes =
        layers.iter().enumerate().map(|(index, layer)| match (&layer.map, layer.activation) {
            (AffineMap::Conv(shape), LayerActivation::Relu) => {
                Ok((shape, WindowArrangement::of(shape)?))
            }
            _ => {
                let reason = format!("layer {} ({layer}) is no convolution with ReLU", index + 1);
                Err(BoundError::not_applicable(reason))
            }
        });
    shapes.collect()
}

fn lower(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let layers = layers(structure)?;
    let filters = layers.iter().map(|(shape, _)| shape.filters()).min().unwrap_or(0);
    let channels = layers[0].0.channels().min(filters);
    let (last, folded) = layers.split_last().ok_or(BoundError::TooLarge)?;
    deadline.expect(channels);
    maximize_over_inputs((1..=channels).map(|p| (p, ())), deadline, |p, ()| {
        let folds = folded.iter().map(|(shape, arrangement)| {
            // `Structure` limits the number of units to 32 bits.
            let exponent = u32::try_from(arrangement.positions() * p).unwrap_or(u32::MAX);
            BigUint::from(shape.filters() / p).pow(exponent)
        });
        let arrangement = WindowArrangement { channels: p, ..last.1 };
        Ok(folds.product::<BigUint>() * arrangement.at_least(deadline)?)
    })
}

fn upper(structure: &Structure, deadline: &Deadline) -> Result<BoundValue, BoundError> {
    let first = layers(structure)?[0].1.at_most(deadline)?;
    let later = structure.layers()[1..].iter();
    let factors = later.map(|layer| zaslavsky(layer.units, structure.inputs(), deadline));
    Ok((first * factors.product::<Result<BigUint, _>>()?).into())
}
