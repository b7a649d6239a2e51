//! Terms of a plan in plain `f64` loops: the worst-case algorithm, written a second time.
//!
//! Every affine step is a matrix written down by its loops, everything else is lowered to such
//! maps and maxima; positive rows are pulled back on their own, as published.

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

/// All that is known at a point.
pub(crate) struct At {
    pub(crate) logits: Vec<f64>,
    /// One a class.
    pub(crate) linear: Vec<Term>,
    /// One a class.
    pub(crate) positive: Vec<Term>,
    pub(crate) negative: Term,
    /// Sizes of the numbers that coefficients and biases are sums of, of all terms together.
    pub(crate) sizes: Term,
    /// Least distance of any unit from a change of piece, in expected rounding errors for
    /// roundings of relative size 1.
    pub(crate) margin: f64,
    /// A unit is exactly on a change of piece where Burn takes its derivative from another side.
    pub(crate) on_kink: bool,
    /// Bits of a mantissa that hold all values and sums, so that nothing is rounded.
    pub(crate) bits: f64,
}

/// What steps are lowered to.
#[derive(Clone, Debug)]
pub(crate) enum Map {
    Affine(Matrix),
    /// Every unit with its own slope from 0 to 1 below zero; `like_burn`: Burn's autodiff agrees
    /// about the derivative at zero.
    Leaky {
        slopes: Vec<f64>,
        like_burn: bool,
    },
    /// The largest value of every window, the first one of several.
    Max {
        windows: Vec<Vec<usize>>,
        inputs: usize,
    },
    /// Branches on the same value, their outputs of the given widths one after the other.
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

    /// A term with the shifts of the gauge, all weights changed one by one.
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

/// Pulls a row back; `bias` collects what offsets add.
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

/// A row times a matrix whose weights are changed one by one.
fn through(matrix: &Matrix, row: &[f64], change: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut below = vec![0.0; matrix.inputs];
    for (weights, value) in matrix.rows.iter().zip(row).filter(|(_, value)| **value != 0.0) {
        weights.iter().for_each(|&(from, weight)| below[from] += value * change(weight));
    }
    below
}
