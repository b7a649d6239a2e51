//! Terms of a plan in plain `f64` loops: the worst-case algorithm, written a second time.
//!
//! Every affine step is a matrix written down by its loops, everything else is lowered to such
//! maps and maxima; positive rows are pulled back on their own, as published.

mod bound;
mod forward;
mod lower;
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
    features: usize,
    classes: usize,
}

/// Coefficients and bias.
pub(crate) type Term = (Vec<f64>, f64);

/// A row on its way back, its bias so far, and the sizes of the numbers that were added to it.
struct Pulled {
    row: Vec<f64>,
    bias: f64,
    size: f64,
}

/// All that is known at a point.
pub(crate) struct At {
    pub(crate) logits: Vec<f64>,
    /// One a class.
    pub(crate) linear: Vec<Term>,
    /// One a class.
    pub(crate) positive: Vec<Term>,
    pub(crate) negative: Term,
    /// Sizes of the numbers that the biases of the positive terms are sums of.
    pub(crate) positive_sizes: Vec<f64>,
    /// The same for the negative term.
    pub(crate) negative_size: f64,
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
enum Map {
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
            features: plan.features(),
            classes: plan.classes,
        }
    }

    pub(crate) fn at(&self, point: &[f32]) -> At {
        let input = Values::new(point.iter().map(|&value| f64::from(value)).collect());
        let mut nearness = Nearness::new();
        let (logits, choices) = forward(&self.maps, input, &mut nearness);
        let linear = |class| self.pull(&choices, unit(class, self.classes), false).0;
        let positive = |class| self.pull(&choices, unit(class, self.classes), true);
        let (positive, positive_sizes) = (0..self.classes).map(positive).unzip();
        let (negative, negative_size) = self.pull(&choices, vec![0.0; self.classes], true);
        At {
            linear: (0..self.classes).map(linear).collect(),
            positive,
            negative,
            positive_sizes,
            negative_size,
            logits: logits.values,
            margin: nearness.margin,
            on_kink: nearness.on_kink,
            bits: nearness.bits,
        }
    }

    /// The shift of rows at the input.
    pub(crate) fn at_input(&self) -> &[f64] {
        &self.at_input
    }

    /// A term and the sizes of the numbers that its bias is a sum of.
    fn pull(&self, choices: &[Choice], seed: Vec<f64>, shifted: bool) -> (Term, f64) {
        let shifts = shifted.then_some(self.shifts.as_slice());
        let start = if shifted { self.at_start } else { 0.0 };
        let mut pulled = Pulled { row: seed, bias: start, size: start.abs() };
        pull(&self.maps, choices, shifts, &mut pulled);
        if shifted {
            add(&mut pulled.row, &self.at_input);
        }
        assert_eq!(pulled.row.len(), self.features);
        ((pulled.row, pulled.bias), pulled.size)
    }
}

fn unit(class: usize, classes: usize) -> Vec<f64> {
    (0..classes).map(|other| if other == class { 1.0 } else { 0.0 }).collect()
}

fn add(row: &mut [f64], shift: &[f64]) {
    row.iter_mut().zip(shift).for_each(|(value, shift)| *value += shift);
}

fn pull(maps: &[Map], choices: &[Choice], shifts: Option<&[Shift]>, pulled: &mut Pulled) {
    for (index, (map, choice)) in maps.iter().zip(choices).enumerate().rev() {
        let shift = shifts.map(|shifts| &shifts[index]);
        if let Some(Shift::Row(shift)) = shift {
            add(&mut pulled.row, shift);
        }
        let row = std::mem::take(&mut pulled.row);
        pulled.row = match (map, choice) {
            (Map::Affine(matrix), _) => {
                for added in row.iter().zip(&matrix.offsets).map(|(v, offset)| v * offset) {
                    pulled.bias += added;
                    pulled.size += added.abs();
                }
                through(matrix, &row, |weight| weight)
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
                    pulled.row = own.to_vec();
                    pull(branch, &choices[index], shifts, pulled);
                    below = bound::sum_or_first(below, std::mem::take(&mut pulled.row));
                }
                below
            }
            _ => panic!("a choice of another map"),
        };
    }
}

/// A row times a matrix whose weights are changed one by one.
fn through(matrix: &Matrix, row: &[f64], change: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut below = vec![0.0; matrix.inputs];
    for (weights, value) in matrix.rows.iter().zip(row).filter(|(_, value)| **value != 0.0) {
        weights.iter().for_each(|&(from, weight)| below[from] += value * change(weight));
    }
    below
}
