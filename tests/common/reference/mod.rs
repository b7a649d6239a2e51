//! Terms of a plan in plain `f64` loops: a second implementation of the worst-case algorithm.
//!
//! Every affine step is a matrix that loops fill. Every other step is lowered to matrices and
//! maxima. As published, positive rows have a pullback of their own.

mod bound;
pub(crate) mod forward;
pub(crate) mod lower;
mod tight;

use bound::{Bound, Shift, bound};
use forward::{Choice, Nearness, Values, forward};

use super::naive::Matrix;
use super::plan::Plan;

/// A plan as matrices and maxima.
pub(crate) struct Reference {
    maps: Vec<Map>,
    shifts: Vec<Shift>,
    at_input: Vec<f64>,
    at_start: f64,
    classes: usize,
}

/// Coefficients and bias.
pub(crate) type Term = (Vec<f64>, f64);

/// The reference values at a point.
pub(crate) struct At {
    pub(crate) logits: Vec<f64>,
    /// One linear term a class.
    pub(crate) linear: Vec<Term>,
    /// One positive term a class.
    pub(crate) positive: Vec<Term>,
    pub(crate) negative: Term,
    /// Sizes of the coefficients and of the bias: the sums of the absolute values of their
    /// summands, over all terms.
    pub(crate) sizes: Term,
    /// Smallest distance of any unit from a change of piece, in expected rounding errors for
    /// roundings of relative size 1.
    pub(crate) margin: f64,
    /// Whether a unit is exactly on a change of piece and Burn takes the derivative from another
    /// side.
    pub(crate) on_kink: bool,
    /// Number of bits of a mantissa that holds all values and sums without rounding.
    pub(crate) bits: f64,
}

/// The targets of lowering.
#[derive(Clone, Debug)]
pub(crate) enum Map {
    Affine(Matrix),
    /// Each unit is `x` above zero and `slope x` below, with a slope from 0 to 1. `like_burn`: the
    /// derivative at zero equals that of Burn's autodiff.
    Leaky {
        slopes: Vec<f64>,
        like_burn: bool,
    },
    /// The largest value of every window; the first one on ties.
    Max {
        windows: Vec<Vec<usize>>,
        inputs: usize,
    },
    /// Branches that read one value. Their outputs, of the given widths, are side by side.
    Fork {
        branches: Vec<Vec<Map>>,
        widths: Vec<usize>,
    },
}

impl Reference {
    pub(crate) fn new(plan: &Plan) -> Self {
        let maps = lower::maps(&plan.steps, &plan.input);
        let mut constants = vec![0.0; plan.classes];
        let start = Bound::exact((0..plan.classes).map(|c| unit(c, plan.classes)).collect());
        let (shifts, at_input) = bound(&maps, start, &mut constants);
        Self {
            maps,
            shifts,
            at_input: at_input.shifted().0,
            at_start: constants.iter().map(|constant| (-constant).max(0.0)).sum(),
            classes: plan.classes,
        }
    }

    pub(crate) fn at(&self, point: &[f32]) -> At {
        let input = Values::new(point.iter().map(|&value| f64::from(value)).collect());
        let mut nearness = Nearness::new();
        let (logits, choices) = forward(&self.maps, input, &mut nearness);
        let linear = |class| self.linear(&choices, unit(class, self.classes));
        let positive = |class| self.shifted(&choices, unit(class, self.classes), |weight| weight);
        At {
            linear: (0..self.classes).map(linear).collect(),
            positive: (0..self.classes).map(positive).collect(),
            negative: self.shifted(&choices, vec![0.0; self.classes], |weight| weight),
            sizes: self.shifted(&choices, vec![1.0; self.classes], f64::abs),
            logits: logits.values,
            margin: nearness.margin,
            on_kink: nearness.on_kink,
            bits: nearness.bits,
        }
    }

    fn linear(&self, choices: &[Choice], seed: Vec<f64>) -> Term {
        let mut bias = 0.0;
        (pull(&self.maps, choices, None, seed, &mut bias, |weight| weight), bias)
    }

    /// A term with the shifts of the gauge. `change` is applied to every weight.
    fn shifted(&self, choices: &[Choice], seed: Vec<f64>, change: fn(f64) -> f64) -> Term {
        let mut bias = self.at_start;
        let mut row = pull(&self.maps, choices, Some(&self.shifts), seed, &mut bias, change);
        assert_eq!(row.len(), self.at_input.len());
        row.iter_mut().zip(&self.at_input).for_each(|(value, shift)| *value += shift);
        (row, bias)
    }
}

fn unit(class: usize, classes: usize) -> Vec<f64> {
    (0..classes).map(|other| if other == class { 1.0 } else { 0.0 }).collect()
}

/// Pulls a row back. Adds the contribution of offsets to `bias`.
fn pull(
    maps: &[Map],
    choices: &[Choice],
    shifts: Option<&[Shift]>,
    row: Vec<f64>,
    bias: &mut f64,
    change: fn(f64) -> f64,
) -> Vec<f64> {
    let mut row = row;
    for (index, (map, choice)) in maps.iter().zip(choices).enumerate().rev() {
        let shift = shifts.map(|shifts| &shifts[index]);
        if let Some(Shift::Row(shift)) = shift {
            row.iter_mut().zip(shift).for_each(|(value, shift)| *value += shift);
        }
        row = match (map, choice) {
            (Map::Affine(matrix), _) => {
                let added = row.iter().zip(&matrix.offsets).map(|(v, offset)| v * change(*offset));
                *bias += added.sum::<f64>();
                through(matrix, &row, change)
            }
            (_, Choice::Slopes(slopes)) => row.iter().zip(slopes).map(|(v, s)| v * s).collect(),
            (Map::Max { inputs, .. }, Choice::Winners(winners)) => {
                let mut below = vec![0.0; *inputs];
                winners.iter().zip(&row).for_each(|(&winner, value)| below[winner] += value);
                below
            }
            (Map::Fork { branches, widths }, Choice::Fork(choices)) => {
                let mut below = Vec::new();
                let mut rest = row.as_slice();
                for (index, (branch, width)) in branches.iter().zip(widths).enumerate() {
                    let (own, others) = rest.split_at(*width);
                    rest = others;
                    let shifts = match shift {
                        Some(Shift::Fork(shifts)) => Some(shifts[index].as_slice()),
                        _ => None,
                    };
                    let pulled = pull(branch, &choices[index], shifts, own.to_vec(), bias, change);
                    below = bound::sum_or_first(below, pulled);
                }
                below
            }
            _ => panic!("a choice of another map"),
        };
    }
    row
}

/// A row times a matrix. `change` is applied to every weight.
fn through(matrix: &Matrix, row: &[f64], change: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut below = vec![0.0; matrix.inputs];
    for (weights, value) in matrix.rows.iter().zip(row).filter(|(_, value)| **value != 0.0) {
        weights.iter().for_each(|&(from, weight)| below[from] += value * change(weight));
    }
    below
}
