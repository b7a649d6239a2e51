//! Forward pass through maps: values, chosen pieces, and distances from a change of piece.

use super::Map;
use crate::common::naive::Matrix;

/// The values of one point between two maps.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) values: Vec<f64>,
    /// The variance of the rounding error of each value, for roundings of relative size 1.
    noise: Vec<f64>,
}

/// The piece of a map at a point.
pub(crate) enum Choice {
    Only,
    Slopes(Vec<f64>),
    Winners(Vec<usize>),
    Fork(Vec<Vec<Choice>>),
}

/// Distance of a point from a change of piece, and the number of bits of an exact computation.
pub(crate) struct Nearness {
    /// Smallest distance of any unit from a change of piece, in standard rounding errors of
    /// relative size 1.
    pub(crate) margin: f64,
    /// Whether a unit is exactly on a change of piece and Burn chooses another derivative there.
    pub(crate) on_kink: bool,
    /// Number of bits that hold every value and every partial sum exactly.
    pub(crate) bits: f64,
}

impl Nearness {
    pub(crate) fn new() -> Self {
        Self { margin: f64::INFINITY, on_kink: false, bits: 0.0 }
    }

    /// Records the distance of two compared values. Without noise, nothing is rounded: constant
    /// zeros stay zeros.
    fn meet(&mut self, difference: f64, noise: f64) {
        if noise > 0.0 {
            self.margin = self.margin.min(difference.abs() / noise.sqrt());
        }
    }
}

impl Values {
    pub(crate) fn new(values: Vec<f64>) -> Self {
        let noise = vec![0.0; values.len()];
        Self { values, noise }
    }
}

/// Applies a list of maps.
pub(crate) fn forward(
    maps: &[Map],
    input: Values,
    nearness: &mut Nearness,
) -> (Values, Vec<Choice>) {
    let mut choices = Vec::new();
    let mut values = input;
    for map in maps {
        let (output, choice) = map.forward(values, nearness);
        values = output;
        choices.push(choice);
    }
    (values, choices)
}

impl Map {
    fn forward(&self, input: Values, nearness: &mut Nearness) -> (Values, Choice) {
        match self {
            Self::Affine(matrix) => (affine(matrix, &input, nearness), Choice::Only),
            Self::Leaky { slopes, like_burn } => leaky(slopes, *like_burn, &input, nearness),
            Self::Max { windows, .. } => max(windows, &input, nearness),
            Self::Fork { branches, .. } => {
                let mut joined = Values::new(Vec::new());
                let mut choices = Vec::new();
                for branch in branches {
                    let (output, choice) = forward(branch, input.clone(), nearness);
                    joined.values.extend(output.values);
                    joined.noise.extend(output.noise);
                    choices.push(choice);
                }
                (joined, Choice::Fork(choices))
            }
        }
    }
}

fn affine(matrix: &Matrix, input: &Values, nearness: &mut Nearness) -> Values {
    let mut output = Values::new(Vec::with_capacity(matrix.rows.len()));
    let mut largest = 0.0_f64;
    for (row, &offset) in matrix.rows.iter().zip(&matrix.offsets) {
        let (mut sum, mut size, mut noise, mut squares, mut terms) = (0.0, 0.0, 0.0, 0.0, 0);
        for &(from, weight) in row {
            let term = weight * input.values[from];
            sum += term;
            size += term.abs();
            squares += term * term;
            noise += weight * weight * input.noise[from];
            terms += usize::from(term != 0.0 && weight.abs() != 1.0) + usize::from(term != 0.0);
        }
        // A value that is only moved, or a single offset, is not rounded.
        terms += usize::from(offset != 0.0);
        output.values.push(sum + offset);
        output.noise.push(noise + if terms > 1 { squares + offset * offset } else { 0.0 });
        largest = largest.max(size + offset.abs());
    }
    let weights = || matrix.rows.iter().flatten().map(|(_, weight)| *weight);
    let products = finest(weights()) + finest(input.values.iter().copied());
    let finest = products.min(finest(matrix.offsets.iter().copied()));
    if largest > 0.0 {
        nearness.bits = nearness.bits.max(largest.log2() + 1.0 - finest);
    }
    output
}

/// The exponent of the lowest bit that any number needs; infinite if all numbers are zero.
fn finest(numbers: impl Iterator<Item = f64>) -> f64 {
    let last = |number: f64| {
        let bits = number.to_bits();
        let (exponent, mantissa) = ((bits >> 52 & 0x7ff) as i32 - 1075, bits & ((1 << 52) - 1));
        f64::from(exponent + (mantissa | 1 << 52).trailing_zeros() as i32)
    };
    numbers.filter(|&number| number != 0.0).map(last).fold(f64::INFINITY, f64::min)
}

fn leaky(
    slopes: &[f64],
    like_burn: bool,
    input: &Values,
    nearness: &mut Nearness,
) -> (Values, Choice) {
    let mut output = Values::new(Vec::new());
    let mut chosen = Vec::new();
    for ((&value, &noise), &slope) in input.values.iter().zip(&input.noise).zip(slopes) {
        nearness.meet(value, noise);
        nearness.on_kink |= !like_burn && value == 0.0;
        let slope = if value > 0.0 { 1.0 } else { slope };
        chosen.push(slope);
        output.values.push(slope * value);
        output.noise.push(slope * slope * noise);
    }
    (output, Choice::Slopes(chosen))
}

fn max(windows: &[Vec<usize>], input: &Values, nearness: &mut Nearness) -> (Values, Choice) {
    let values = &input.values;
    let mut output = Values::new(Vec::new());
    let mut winners = Vec::new();
    for cells in windows {
        let first_best = |best, &cell| if values[cell] > values[best] { cell } else { best };
        let winner = cells.iter().fold(cells[0], first_best);
        for &cell in cells.iter().filter(|&&cell| cell != winner) {
            nearness.meet(values[winner] - values[cell], input.noise[winner] + input.noise[cell]);
        }
        output.values.push(values[winner]);
        output.noise.push(input.noise[winner]);
        winners.push(winner);
    }
    (output, Choice::Winners(winners))
}
