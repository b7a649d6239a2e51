//! The shifts of the worst-case gauge, from bounds on all rows.

use std::ops::Range;

use super::{Map, through};
use crate::common::naive::Matrix;

/// The shift that is added to rows at the output of a map.
pub(super) enum Shift {
    None,
    Row(Vec<f64>),
    /// The shifts of every branch.
    Fork(Vec<Vec<Shift>>),
}

/// All rows at a value, each a sum of two parts. `exact` is equal at all points and has a row for
/// every class. `between` is bounded: `-lower <= row <= upper`.
#[derive(Clone)]
pub(super) struct Bound {
    exact: Option<Vec<Vec<f64>>>,
    between: Option<Between>,
}

#[derive(Clone)]
struct Between {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Carries bounds from the output of maps to their input. Returns the shifts of the maps and the
/// bounds at the input.
pub(super) fn bound(maps: &[Map], start: Bound, constants: &mut [f64]) -> (Vec<Shift>, Bound) {
    let mut shifts = Vec::new();
    let mut state = start;
    for map in maps.iter().rev() {
        let (shift, below) = map.bound(state, constants);
        shifts.push(shift);
        state = below;
    }
    shifts.reverse();
    (shifts, state)
}

impl Map {
    fn bound(&self, state: Bound, constants: &mut [f64]) -> (Shift, Bound) {
        match self {
            Self::Affine(matrix) => (Shift::None, state.through_affine(matrix, constants)),
            Self::Leaky { .. } => {
                let (shift, upper) = state.shifted();
                let lower = vec![0.0; upper.len()];
                (Shift::Row(shift), Bound::between(lower, upper))
            }
            Self::Max { windows, inputs, .. } => {
                let (shift, row) = state.shifted();
                let mut upper = vec![0.0; *inputs];
                for (cells, value) in windows.iter().zip(&row) {
                    cells.iter().for_each(|&cell| upper[cell] += value);
                }
                (Shift::Row(shift), Bound::between(vec![0.0; *inputs], upper))
            }
            Self::Fork { branches, widths } => {
                let mut shifts = Vec::new();
                let mut below: Option<Bound> = None;
                let mut first = 0;
                for (branch, width) in branches.iter().zip(widths) {
                    let own = state.part(first..first + width);
                    let (shift, under) = bound(branch, own, constants);
                    shifts.push(shift);
                    below = Some(below.map_or(under.clone(), |others| others.plus(under)));
                    first += width;
                }
                (Shift::Fork(shifts), below.expect("forks have branches"))
            }
        }
    }
}

impl Bound {
    pub(super) fn exact(classes: Vec<Vec<f64>>) -> Self {
        Self { exact: Some(classes), between: None }
    }

    fn between(lower: Vec<f64>, upper: Vec<f64>) -> Self {
        Self { exact: None, between: Some(Between { lower, upper }) }
    }

    /// The bounds of a range of features.
    fn part(&self, features: Range<usize>) -> Self {
        let of = |row: &Vec<f64>| row[features.clone()].to_vec();
        let between = self.between.as_ref();
        Self {
            exact: self.exact.as_ref().map(|classes| classes.iter().map(of).collect()),
            between: between.map(|b| Between { lower: of(&b.lower), upper: of(&b.upper) }),
        }
    }

    fn through_affine(self, matrix: &Matrix, constants: &mut [f64]) -> Self {
        let pull = |row: &[f64]| through(matrix, row, |weight| weight);
        let positive = |row: &[f64]| through(matrix, row, |weight| weight.max(0.0));
        let negative = |row: &[f64]| through(matrix, row, |weight| (-weight).max(0.0));
        let offsets = &matrix.offsets;
        for (constant, row) in constants.iter_mut().zip(self.exact.iter().flatten()) {
            *constant += row.iter().zip(offsets).map(|(v, offset)| v * offset).sum::<f64>();
        }
        Self {
            exact: self.exact.map(|classes| classes.iter().map(|row| pull(row)).collect()),
            between: self.between.map(|Between { lower, upper }| Between {
                upper: sum(positive(&upper), &negative(&lower)),
                lower: sum(negative(&upper), &positive(&lower)),
            }),
        }
    }

    /// The shift that makes all rows non-negative, and an upper bound of the shifted rows.
    pub(super) fn shifted(self) -> (Vec<f64>, Vec<f64>) {
        let classes = self.exact.unwrap_or_default();
        let fold = |f: fn(f64, f64) -> f64| -> Vec<f64> {
            let features = classes.first().map_or(0, Vec::len);
            let column = |index: usize| classes.iter().map(move |row| row[index]);
            (0..features).map(|index| column(index).fold(0.0, f)).collect()
        };
        let largest = fold(f64::max);
        match self.between {
            // As published: the sum of the negative parts of all classes.
            None => {
                let shift = fold(|sum, value| sum + (-value).max(0.0));
                let upper = sum(largest, &shift);
                (shift, upper)
            }
            Some(Between { lower, upper }) => {
                let shift = sum(lower, &fold(|most, value| most.max(-value)));
                let upper = sum(sum(upper, &largest), &shift);
                (shift, upper)
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        let exact = match (self.exact, other.exact) {
            (Some(a), Some(b)) => Some(a.into_iter().zip(b).map(|(a, b)| sum(a, &b)).collect()),
            (a, b) => a.or(b),
        };
        let between = match (self.between, other.between) {
            (Some(a), Some(b)) => {
                Some(Between { lower: sum(a.lower, &b.lower), upper: sum(a.upper, &b.upper) })
            }
            (a, b) => a.or(b),
        };
        Self { exact, between }
    }
}

fn sum(mut left: Vec<f64>, right: &[f64]) -> Vec<f64> {
    left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
    left
}

/// The sum of two rows. An empty first row counts as zero.
pub(super) fn sum_or_first(left: Vec<f64>, right: Vec<f64>) -> Vec<f64> {
    if left.is_empty() { right } else { sum(left, &right) }
}
