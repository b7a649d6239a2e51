//! Terms of a plan in plain `f64` loops: the worst-case algorithm, written a second time.
//!
//! Every affine step becomes a matrix by applying its loops to basis vectors; positive rows are
//! pulled back on their own, as published.

use super::bound::{Bound, Shift, bound};
use super::naive;
use super::plan::{MaxPool, Plan, Step};

/// A plan as matrices and maxima.
pub(crate) struct Reference {
    pub(super) maps: Vec<Map>,
    shifts: Vec<Shift>,
    at_input: Vec<f64>,
    at_start: f64,
    features: usize,
    pub(super) classes: usize,
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
    /// Least distance of any unit from a change of piece, relative to the values around it.
    pub(crate) margin: f64,
    /// A leaky unit's input is exactly zero: Burn takes its derivative from the other side there
    /// than that of a ReLU.
    pub(crate) on_kink: bool,
}

pub(super) enum Map {
    Affine { rows: Vec<Vec<(usize, f64)>>, offsets: Vec<f64>, inputs: usize },
    LeakyRelu { slope: f64, is_relu: bool },
    MaxPool { windows: Vec<Vec<usize>>, inputs: usize },
    Sum { left: Vec<Map>, right: Vec<Map> },
}

/// How near a point comes to a change of piece.
struct Nearness {
    margin: f64,
    on_kink: bool,
}

/// The piece of a map at a point.
pub(super) enum Choice {
    Only,
    Slopes(Vec<f64>),
    Winners(Vec<usize>),
    Sum(Vec<Choice>, Vec<Choice>),
}

impl Reference {
    pub(crate) fn new(plan: &Plan) -> Self {
        let maps = maps(&plan.steps, &plan.input);
        let unit = |class| (0..plan.classes).map(|c| if c == class { 1.0 } else { 0.0 }).collect();
        let mut constants = vec![0.0; plan.classes];
        let start = Bound::exact((0..plan.classes).map(unit).collect());
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
        let input: Vec<f64> = point.iter().map(|&value| f64::from(value)).collect();
        let mut nearness = Nearness { margin: f64::INFINITY, on_kink: false };
        let (logits, choices) = forward(&self.maps, input, &mut nearness);
        let unit = |class| -> Vec<f64> {
            (0..self.classes).map(|c| if c == class { 1.0 } else { 0.0 }).collect()
        };
        let linear = (0..self.classes).map(|class| self.pull(&choices, unit(class), false));
        let positive = (0..self.classes).map(|class| self.pull(&choices, unit(class), true));
        At {
            linear: linear.collect(),
            positive: positive.collect(),
            negative: self.pull(&choices, vec![0.0; self.classes], true),
            logits,
            margin: nearness.margin,
            on_kink: nearness.on_kink,
        }
    }

    /// The pieces at a point, and the logits.
    pub(super) fn choices(&self, point: &[f32]) -> (Vec<f64>, Vec<Choice>) {
        let input: Vec<f64> = point.iter().map(|&value| f64::from(value)).collect();
        let mut nearness = Nearness { margin: f64::INFINITY, on_kink: false };
        forward(&self.maps, input, &mut nearness)
    }

    fn pull(&self, choices: &[Choice], seed: Vec<f64>, shifted: bool) -> Term {
        let shifts = shifted.then_some(self.shifts.as_slice());
        let mut bias = if shifted { self.at_start } else { 0.0 };
        let mut row = pull(&self.maps, choices, shifts, seed, &mut bias);
        if shifted {
            row.iter_mut().zip(&self.at_input).for_each(|(value, shift)| *value += shift);
        }
        assert_eq!(row.len(), self.features);
        (row, bias)
    }
}

fn maps(steps: &[Step], input: &[usize]) -> Vec<Map> {
    let mut shape = input.to_vec();
    let mut result = Vec::new();
    for step in steps {
        result.push(match step {
            Step::Relu => Map::LeakyRelu { slope: 0.0, is_relu: true },
            Step::LeakyRelu { slope } => Map::LeakyRelu { slope: *slope, is_relu: false },
            Step::MaxPool(pool) => windows(pool, &shape),
            Step::Residual { left, right } => {
                Map::Sum { left: maps(left, &shape), right: maps(right, &shape) }
            }
            affine => matrix(affine, &shape),
        });
        shape = step.output(&shape);
    }
    result
}

fn matrix(step: &Step, shape: &[usize]) -> Map {
    let inputs: usize = shape.iter().product();
    let apply = |input: &[f64], constants| {
        naive::affine(step, shape, input, constants).expect("all other steps are affine")
    };
    let mut basis = vec![0.0; inputs];
    let offsets = apply(&basis, true);
    let mut rows = vec![Vec::new(); offsets.len()];
    for from in 0..inputs {
        basis[from] = 1.0;
        for (row, weight) in rows.iter_mut().zip(apply(&basis, false)) {
            if weight != 0.0 {
                row.push((from, weight));
            }
        }
        basis[from] = 0.0;
    }
    Map::Affine { rows, offsets, inputs }
}

fn windows(pool: &MaxPool, shape: &[usize]) -> Map {
    let mut windows = Vec::new();
    for channel in 0..shape[0] {
        for down in 0..pool.windows(0, shape) {
            for across in 0..pool.windows(1, shape) {
                let columns = pool.cells(1, across, shape[2]);
                let rows = pool.cells(0, down, shape[1]).into_iter();
                let cells = rows.flat_map(|row| {
                    let first = (channel * shape[1] + row) * shape[2];
                    columns.iter().map(move |column| first + column)
                });
                windows.push(cells.collect());
            }
        }
    }
    Map::MaxPool { windows, inputs: shape.iter().product() }
}

fn forward(maps: &[Map], input: Vec<f64>, nearness: &mut Nearness) -> (Vec<f64>, Vec<Choice>) {
    let mut choices = Vec::new();
    let mut value = input;
    for map in maps {
        let (output, choice) = map.forward(value, nearness);
        value = output;
        choices.push(choice);
    }
    (value, choices)
}

impl Map {
    fn forward(&self, input: Vec<f64>, nearness: &mut Nearness) -> (Vec<f64>, Choice) {
        let scale = input.iter().fold(1e-30, |scale: f64, value| scale.max(value.abs()));
        // A difference of exactly zero comes from zeros put in, not from rounding.
        let mut meet = |difference: f64| nearness.margin = nearness.margin.min(difference / scale);
        match self {
            Self::Affine { rows, offsets, .. } => {
                let dot = |row: &Vec<(usize, f64)>| -> f64 {
                    row.iter().map(|&(from, weight)| weight * input[from]).sum()
                };
                let output = rows.iter().zip(offsets).map(|(row, offset)| dot(row) + offset);
                (output.collect(), Choice::Only)
            }
            Self::LeakyRelu { slope, is_relu } => {
                input.iter().filter(|&&z| z != 0.0).for_each(|z| meet(z.abs()));
                nearness.on_kink |= !is_relu && input.contains(&0.0);
                let slopes: Vec<f64> =
                    input.iter().map(|&z| if z > 0.0 { 1.0 } else { *slope }).collect();
                let output = input.iter().zip(&slopes).map(|(z, slope)| z * slope).collect();
                (output, Choice::Slopes(slopes))
            }
            Self::MaxPool { windows, .. } => {
                let mut winners = Vec::new();
                for cells in windows {
                    let first_best =
                        |best, &cell| if input[cell] > input[best] { cell } else { best };
                    let winner = cells.iter().fold(cells[0], first_best);
                    let others = cells.iter().filter(|&&cell| cell != winner);
                    others
                        .filter(|&&cell| input[cell] != 0.0 || input[winner] != 0.0)
                        .for_each(|&cell| meet(input[winner] - input[cell]));
                    winners.push(winner);
                }
                (winners.iter().map(|&winner| input[winner]).collect(), Choice::Winners(winners))
            }
            Self::Sum { left, right } => {
                let (a, left) = forward(left, input.clone(), nearness);
                let (b, right) = forward(right, input, nearness);
                (a.iter().zip(b).map(|(a, b)| a + b).collect(), Choice::Sum(left, right))
            }
        }
    }
}

/// Pulls a row back; `bias` collects what offsets add.
pub(super) fn pull(
    maps: &[Map],
    choices: &[Choice],
    shifts: Option<&[Shift]>,
    row: Vec<f64>,
    bias: &mut f64,
) -> Vec<f64> {
    let mut row = row;
    for (index, (map, choice)) in maps.iter().zip(choices).enumerate().rev() {
        let shift = shifts.map(|shifts| &shifts[index]);
        if let Some(Shift::Row(shift)) = shift {
            row.iter_mut().zip(shift).for_each(|(value, shift)| *value += shift);
        }
        row = match (map, choice) {
            (Map::Affine { rows, offsets, inputs }, _) => {
                *bias += row.iter().zip(offsets).map(|(value, offset)| value * offset).sum::<f64>();
                through(rows, *inputs, &row, |weight| weight)
            }
            (_, Choice::Slopes(slopes)) => row.iter().zip(slopes).map(|(v, s)| v * s).collect(),
            (Map::MaxPool { inputs, .. }, Choice::Winners(winners)) => {
                let mut below = vec![0.0; *inputs];
                winners.iter().zip(&row).for_each(|(&winner, value)| below[winner] += value);
                below
            }
            (Map::Sum { left, right }, Choice::Sum(on_left, on_right)) => {
                let (left_shifts, right_shifts) = match shift {
                    Some(Shift::Sum(a, b)) => (Some(a.as_slice()), Some(b.as_slice())),
                    _ => (None, None),
                };
                let a = pull(left, on_left, left_shifts, row.clone(), bias);
                let b = pull(right, on_right, right_shifts, row, bias);
                a.iter().zip(b).map(|(a, b)| a + b).collect()
            }
            _ => panic!("a choice of another map"),
        };
    }
    row
}

/// A row times a matrix whose weights are changed one by one.
pub(super) fn through(
    rows: &[Vec<(usize, f64)>],
    inputs: usize,
    row: &[f64],
    change: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut below = vec![0.0; inputs];
    for (weights, value) in rows.iter().zip(row) {
        weights.iter().for_each(|&(from, weight)| below[from] += value * change(weight));
    }
    below
}
