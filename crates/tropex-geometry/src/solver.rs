//! Linear programs whose origin is feasible, in coordinates that may have either sign.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use microlp::{
    ComparisonOp, Error, OptimizationDirection, Problem, SolutionStatus, SolveOptions,
    SolveOutcome, Variable,
};

/// How far a point may be beyond a row of length about 1.
const FEASIBILITY: f64 = 1e-10;

/// Where a linear program ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// At a point that is best.
    Best(Vec<f64>),
    /// There are better points without end.
    Unbounded,
    /// Rounding keeps it from an end.
    Stuck,
    /// There was no time for an end.
    OutOfTime,
}

/// Maximises `costs . y` over all `y` with `row . y <= limit` for every row, until a deadline.
pub(super) fn maximise<'a>(
    costs: &[f64],
    rows: impl IntoIterator<Item = (&'a [f64], f64)>,
    deadline: Option<Instant>,
) -> Outcome {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let coordinate = |&cost: &f64| problem.add_var(cost, (f64::NEG_INFINITY, f64::INFINITY));
    let coordinates: Vec<Variable> = costs.iter().map(coordinate).collect();
    for (row, limit) in rows {
        let coefficients = coordinates.iter().copied().zip(row.iter().copied());
        let coefficients = coefficients.filter(|(_, coefficient)| *coefficient != 0.0);
        problem.add_constraint(coefficients, ComparisonOp::Le, limit);
    }
    match solve(problem, deadline) {
        Some(Ok(SolveOutcome::Solution(best))) if best.status() == SolutionStatus::Optimal => {
            Outcome::Best(coordinates.iter().map(|&at| best.var_value(at)).collect())
        }
        Some(Ok(_)) | None => Outcome::OutOfTime,
        Some(Err(Error::Unbounded)) => Outcome::Unbounded,
        Some(Err(_)) => Outcome::Stuck,
    }
}

/// Solves a problem; `None` if that takes longer than until the deadline.
///
/// microlp looks at its own time limit once in 1,000 iterations, which may take minutes. So a program
/// with a deadline has a thread of its own, which ends at its next look if it is no longer waited for.
fn solve(problem: Problem, deadline: Option<Instant>) -> Option<Result<SolveOutcome, Error>> {
    let mut options = SolveOptions::default();
    options.tolerances.feasibility = FEASIBILITY;
    let Some(end) = deadline else { return Some(problem.solve_with(options)) };
    let left = || end.saturating_duration_since(Instant::now());
    if left().is_zero() {
        return None;
    }
    options.time_limit = Some(left());
    let (send, receive) = mpsc::sync_channel(1);
    // Sending fails if nobody waits any more.
    let solver = thread::spawn(move || send.send(problem.solve_with(options)).unwrap_or(()));
    match receive.recv_timeout(left()) {
        Ok(outcome) => Some(outcome),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            solver.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of small whole numbers in the plane, and limits that are often zero.
    fn programs() -> impl Strategy<Value = ([f64; 2], Vec<([f64; 2], f64)>)> {
        let number = || (-3..=3_i8).prop_map(f64::from);
        let pair = || [number(), number()];
        let row = (pair(), (0..=3_i8).prop_map(f64::from));
        (pair(), prop::collection::vec(row, 0..9))
    }

    /// The best corner by trying all pairs of rows; none where there is no best one.
    fn brute_force(costs: [f64; 2], rows: &[([f64; 2], f64)]) -> Option<f64> {
        // Far away there is a corner too, but not one that a bounded program reaches.
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
                    best = best.max(costs[0] * x + costs[1] * y);
                }
            }
        }
        (best < 1e3).then_some(best)
    }

    proptest! {
        #[test]
        fn the_best_point_is_the_best_corner((costs, rows) in programs()) {
            let expected = brute_force(costs, &rows);
            let slices = rows.iter().map(|(row, limit)| (row.as_slice(), *limit));
            match (maximise(&costs, slices, None), expected) {
                (Outcome::Best(point), Some(expected)) => {
                    let value = costs[0] * point[0] + costs[1] * point[1];
                    prop_assert!((value - expected).abs() < 1e-6, "{value}, not {expected}");
                    for (row, limit) in &rows {
                        prop_assert!(row[0] * point[0] + row[1] * point[1] <= limit + 1e-9);
                    }
                }
                (Outcome::Unbounded, None) => {}
                (found, expected) => prop_assert!(false, "{found:?}, not {expected:?}"),
            }
        }
    }
}
