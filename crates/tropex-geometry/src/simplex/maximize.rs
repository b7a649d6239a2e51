//! Linear programs with a feasible origin and coordinates of either sign.

use std::time::Instant;

use super::Interruption;
use super::dictionary::{Dictionary, Variable};
use super::minimize::Minimum;

/// An objective above this value has no upper bound, for distances of about 1.
const UNBOUNDED: f64 = 1e9;

/// The outcome of a linear program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LpOutcome {
    /// An optimal point.
    Optimal(Vec<f64>),
    /// The objective has no upper bound.
    Unbounded,
    /// The program does not end, because of rounding errors.
    Stuck,
    /// The program did not end before the deadline.
    OutOfTime,
}

/// Maximizes `objective . y` over all `y` with `row . y <= limit` for every row, until a deadline.
/// No limit is negative.
pub(crate) fn maximize<'a>(
    objective: &[f64],
    rows: impl IntoIterator<Item = (&'a [f64], f64)>,
    deadline: Option<Instant>,
) -> LpOutcome {
    let (rows, limits): (Vec<&[f64]>, Vec<f64>) = rows.into_iter().unzip();
    let mut dictionary = Dictionary::new(rows.concat(), limits, objective.len());
    dictionary.add_objective(0.0, objective);
    let found = dictionary
        .go_to_vertex(deadline)
        .and_then(|()| dictionary.minimize(Variable::Objective, -UNBOUNDED, deadline));
    match found {
        Ok(Minimum::Reached(_)) => LpOutcome::Optimal(dictionary.vertex()),
        Ok(Minimum::Below(_)) => LpOutcome::Unbounded,
        Err(Interruption::Stuck) => LpOutcome::Stuck,
        Err(Interruption::OutOfTime) => LpOutcome::OutOfTime,
    }
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Programs in the plane with small whole numbers, many of whose limits are zero.
    fn programs() -> impl Strategy<Value = ([f64; 2], Vec<([f64; 2], f64)>)> {
        let number = || (-3..=3_i8).prop_map(f64::from);
        let pair = || [number(), number()];
        let row = (pair(), (0..=3_i8).prop_map(f64::from));
        (pair(), prop::collection::vec(row, 0..9))
    }

    /// The largest objective at a corner, by trying all pairs of rows. `None` if it is unbounded.
    fn brute_force(objective: [f64; 2], rows: &[([f64; 2], f64)]) -> Option<f64> {
        // A far box closes the feasible set. An optimum on it means that the program is unbounded.
        let far = [([1.0, 0.0], 1e4), ([-1.0, 0.0], 1e4), ([0.0, 1.0], 1e4), ([0.0, -1.0], 1e4)];
        let rows: Vec<_> = rows.iter().copied().chain(far).collect();
        let mut best = f64::NEG_INFINITY;
        for (i, (a, limit)) in rows.iter().enumerate() {
            for (b, other) in &rows[..i] {
                let determinant = a[0] * b[1] - a[1] * b[0];
                if determinant == 0.0 {
                    continue;
                }
                let x = (limit * b[1] - a[1] * other) / determinant;
                let y = (a[0] * other - limit * b[0]) / determinant;
                let inside =
                    rows.iter().all(|(row, limit)| row[0] * x + row[1] * y <= limit + 1e-6);
                if inside {
                    best = best.max(objective[0] * x + objective[1] * y);
                }
            }
        }
        (best < 1e3).then_some(best)
    }

    proptest! {
        #[test]
        fn an_optimal_point_has_the_objective_of_the_best_corner((objective, rows) in programs()) {
            let expected = brute_force(objective, &rows);
            let slices = rows.iter().map(|(row, limit)| (row.as_slice(), *limit));
            match (maximize(&objective, slices, None), expected) {
                (LpOutcome::Optimal(point), Some(expected)) => {
                    let value = objective[0] * point[0] + objective[1] * point[1];
                    prop_assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
                    for (row, limit) in &rows {
                        prop_assert!(row[0] * point[0] + row[1] * point[1] <= limit + 1e-9);
                    }
                }
                (LpOutcome::Unbounded, None) => {}
                (found, expected) => prop_assert!(false, "{found:?}, not {expected:?}"),
            }
        }
    }
}
