//! Terms of points under the smallest common shifts. The rows of all points are pulled back map by
//! map; before each maximum, a common shift makes the smallest entries non-negative.

use std::collections::BTreeSet;
use std::slice;

use super::bound::sum_or_first;
use super::forward::{Choice, Nearness, Values, forward};
use super::{Map, Reference, Term, pull, unit};

/// The rows of a point: linear rows, and the negative row. A positive row is the sum of a linear
/// row and the negative row.
#[derive(Clone)]
struct Rows {
    linear: Vec<Term>,
    negative: Term,
}

impl Reference {
    /// Linear terms and negative terms of points that are extracted together. Each point comes with
    /// its classes.
    pub(crate) fn tight(&self, points: &[(&[f32], Vec<usize>)]) -> Vec<(Vec<Term>, Term)> {
        let rows = points.iter().map(|(_, classes)| Rows {
            linear: classes.iter().map(|&class| (unit(class, self.classes), 0.0)).collect(),
            negative: (vec![0.0; self.classes], 0.0),
        });
        let choices: Vec<_> = points.iter().map(|(point, _)| self.choices(point)).collect();
        let choices: Vec<&[Choice]> = choices.iter().map(Vec::as_slice).collect();
        let mut rows = walk(&self.maps, &choices, rows.collect());
        shift(&mut rows);
        let all: BTreeSet<usize> = points.iter().flat_map(|(_, classes)| classes.clone()).collect();
        let constants = all.into_iter().map(|class| above(&self.maps, unit(class, self.classes)).1);
        let start = constants.fold(0.0, |start: f64, constant| start.max(-constant));
        rows.iter_mut().for_each(|rows| rows.negative.1 += start);
        rows.into_iter().map(|rows| (rows.linear, rows.negative)).collect()
    }

    fn choices(&self, point: &[f32]) -> Vec<Choice> {
        let input = Values::new(point.iter().map(|&value| f64::from(value)).collect());
        forward(&self.maps, input, &mut Nearness::new()).1
    }
}

/// Pulls the rows of all points back from the output of maps to their input. `choices` has an entry
/// for every point.
fn walk(maps: &[Map], choices: &[&[Choice]], mut rows: Vec<Rows>) -> Vec<Rows> {
    for (index, map) in maps.iter().enumerate().rev() {
        if let Map::Fork { branches, widths } = map {
            let mut first = 0;
            let mut below: Option<Vec<Rows>> = None;
            for (number, (branch, width)) in branches.iter().zip(widths).enumerate() {
                let own: Vec<_> = rows.iter().map(|rows| rows.part(first, *width)).collect();
                let choices: Vec<_> =
                    choices.iter().map(|choices| side(&choices[index], number)).collect();
                let own = walk(branch, &choices, own);
                below = Some(match below {
                    None => own,
                    Some(other) => other.into_iter().zip(own).map(|(a, b)| a.plus(b)).collect(),
                });
                first += width;
            }
            let below = below.expect("a fork has branches");
            rows = rows.into_iter().zip(below).map(|(rows, below)| below.on(&rows)).collect();
            continue;
        }
        if !matches!(map, Map::Affine(_)) {
            shift(&mut rows);
        }
        for (rows, choices) in rows.iter_mut().zip(choices) {
            for term in rows.linear.iter_mut().chain([&mut rows.negative]) {
                back(map, &choices[index], term);
            }
        }
    }
    rows
}

/// Pulls a row back through one map.
fn back(map: &Map, choice: &Choice, (row, bias): &mut Term) {
    let (map, choice) = (slice::from_ref(map), slice::from_ref(choice));
    *row = pull(map, choice, None, std::mem::take(row), bias, |weight| weight);
}

/// The choices in one branch of a fork.
fn side(choice: &Choice, branch: usize) -> &[Choice] {
    match choice {
        Choice::Fork(branches) => &branches[branch],
        _ => panic!("a choice of another map"),
    }
}

/// Adds the smallest shift to all negative rows that makes all negative and positive rows
/// non-negative.
fn shift(rows: &mut [Rows]) {
    for feature in 0..rows[0].negative.0.len() {
        let lowest = rows.iter().flat_map(|rows| {
            let negative = rows.negative.0[feature];
            let positive = rows.linear.iter().map(move |(row, _)| row[feature] + negative);
            positive.chain([negative])
        });
        let shift = lowest.fold(0.0_f64, |shift, value| shift.max(-value));
        rows.iter_mut().for_each(|rows| rows.negative.0[feature] += shift);
    }
}

/// The part of a row that reaches the input of the maps without a maximum; `None` if there is no
/// such part. And the bias that offsets above the first maxima add.
fn above(maps: &[Map], row: Vec<f64>) -> (Option<Vec<f64>>, f64) {
    let (mut row, mut bias) = (Some(row), 0.0);
    for map in maps.iter().rev() {
        let Some(from) = row else { break };
        row = match map {
            Map::Affine(_) => {
                let mut term = (from, bias);
                back(map, &Choice::Only, &mut term);
                bias = term.1;
                Some(term.0)
            }
            Map::Fork { branches, widths } => {
                let mut first = 0;
                let mut below = Vec::new();
                for (branch, width) in branches.iter().zip(widths) {
                    let (own, constant) = above(branch, from[first..first + width].to_vec());
                    below = own.map_or(below.clone(), |own| sum_or_first(below, own));
                    bias += constant;
                    first += width;
                }
                (!below.is_empty()).then_some(below)
            }
            Map::Leaky { .. } | Map::Max { .. } => None,
        };
    }
    (row, bias)
}

impl Rows {
    fn map(&self, f: impl Fn(&Term) -> Term) -> Self {
        Self { linear: self.linear.iter().map(&f).collect(), negative: f(&self.negative) }
    }

    fn zip(self, other: &Self, f: impl Fn(Term, &Term) -> Term) -> Self {
        let linear = self.linear.into_iter().zip(&other.linear);
        Self {
            linear: linear.map(|(a, b)| f(a, b)).collect(),
            negative: f(self.negative, &other.negative),
        }
    }

    /// The rows of one branch, with biases of zero.
    fn part(&self, first: usize, width: usize) -> Self {
        self.map(|(row, _)| (row[first..first + width].to_vec(), 0.0))
    }

    fn plus(self, other: Self) -> Self {
        self.zip(&other, |a, b| (a.0.iter().zip(&b.0).map(|(a, b)| a + b).collect(), a.1 + b.1))
    }

    /// These rows, with the biases of the rows above added.
    fn on(self, above: &Self) -> Self {
        self.zip(above, |(row, bias), above| (row, bias + above.1))
    }
}
