//! Terms of points under the smallest common shifts, in plain `f64` loops: all rows of all points
//! are taken back map by map, and what the least of them lacks to zero is added to all.

use std::collections::BTreeSet;

use super::reference::{At, Choice, Map, Reference, Term, pull};

/// Rows of a point: the linear ones, and the negative one that the positive ones differ from.
#[derive(Clone)]
struct Rows {
    linear: Vec<Term>,
    negative: Term,
}

/// Terms of points that are extracted together: at every point the classes that `classes` names.
pub(crate) fn tight(
    reference: &Reference,
    points: &[&[f32]],
    classes: &dyn Fn(&At) -> Vec<usize>,
) -> Vec<(Vec<Term>, Term)> {
    let unit = |class| -> Vec<f64> {
        (0..reference.classes).map(|c| if c == class { 1.0 } else { 0.0 }).collect()
    };
    let zero = (vec![0.0; reference.classes], 0.0);
    let asked: Vec<_> = points.iter().map(|point| classes(&reference.at(point))).collect();
    let choices: Vec<_> = points.iter().map(|point| reference.choices(point).1).collect();
    let rows = asked.iter().map(|classes| Rows {
        linear: classes.iter().map(|&class| (unit(class), 0.0)).collect(),
        negative: zero.clone(),
    });
    let choices: Vec<&[Choice]> = choices.iter().map(Vec::as_slice).collect();
    let mut rows = walk(&reference.maps, &choices, rows.collect());
    shift(&mut rows);
    let all: BTreeSet<usize> = asked.into_iter().flatten().collect();
    let constants = all.into_iter().map(|class| constant(&reference.maps, choices[0], unit(class)));
    let start = constants.fold(0.0, |start: f64, constant| start.max(-constant));
    rows.iter_mut().for_each(|rows| rows.negative.1 += start);
    rows.into_iter().map(|rows| (rows.linear, rows.negative)).collect()
}

/// Takes the rows of all points from the output of maps to their input; `choices` are those of
/// every point.
fn walk(maps: &[Map], choices: &[&[Choice]], mut rows: Vec<Rows>) -> Vec<Rows> {
    for (index, map) in maps.iter().enumerate().rev() {
        if let Map::Sum { left, right } = map {
            let sides: Vec<_> = choices.iter().map(|choices| sides(&choices[index])).collect();
            let side = |number: usize| sides.iter().map(|sides| sides[number]).collect::<Vec<_>>();
            let at_left = walk(left, &side(0), rows.clone());
            let at_right = walk(right, &side(1), rows.iter().map(Rows::without_biases).collect());
            rows = at_left.into_iter().zip(at_right).map(|(a, b)| a.plus(b)).collect();
            continue;
        }
        if !matches!(choices[0][index], Choice::Only) {
            shift(&mut rows);
        }
        for (rows, choices) in rows.iter_mut().zip(choices) {
            for (row, bias) in rows.linear.iter_mut().chain([&mut rows.negative]) {
                let from = std::mem::take(row);
                *row = pull(&maps[index..=index], &choices[index..=index], None, from, bias);
            }
        }
    }
    rows
}

fn sides(choice: &Choice) -> [&[Choice]; 2] {
    match choice {
        Choice::Sum(left, right) => [left, right],
        _ => panic!("a choice of another map"),
    }
}

/// Adds the smallest numbers to all negative rows that leave neither them nor positive rows
/// negative.
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

/// What the offsets above the first maxima add to the bias of a row.
fn constant(maps: &[Map], choices: &[Choice], row: Vec<f64>) -> f64 {
    above(maps, choices, row).1
}

/// The row below the maps, unless every way there leads through a maximum, and what offsets add.
fn above(maps: &[Map], choices: &[Choice], row: Vec<f64>) -> (Option<Vec<f64>>, f64) {
    let (mut row, mut bias) = (Some(row), 0.0);
    for (index, map) in maps.iter().enumerate().rev() {
        let Some(from) = row else { break };
        row = match (map, &choices[index]) {
            (Map::Sum { left, right }, Choice::Sum(on_left, on_right)) => {
                let (a, at_left) = above(left, on_left, from.clone());
                let (b, at_right) = above(right, on_right, from);
                bias += at_left + at_right;
                match (a, b) {
                    (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a + b).collect()),
                    (a, b) => a.or(b),
                }
            }
            (_, Choice::Only) => {
                let maps = &maps[index..=index];
                Some(pull(maps, &choices[index..=index], None, from, &mut bias))
            }
            _ => None,
        };
    }
    (row, bias)
}

impl Rows {
    fn without_biases(&self) -> Self {
        let without = |(row, _): &Term| (row.clone(), 0.0);
        Self {
            linear: self.linear.iter().map(without).collect(),
            negative: without(&self.negative),
        }
    }

    fn plus(self, other: Self) -> Self {
        let sum =
            |(a, b): (Term, Term)| (a.0.iter().zip(b.0).map(|(a, b)| a + b).collect(), a.1 + b.1);
        Self {
            linear: self.linear.into_iter().zip(other.linear).map(sum).collect(),
            negative: sum((self.negative, other.negative)),
        }
    }
}
