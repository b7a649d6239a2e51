//! Linear programs with a feasible origin and coordinates of either sign, solved by `microlp`.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use microlp::{
    ComparisonOp, Error, OptimizationDirection, Problem, SolutionStatus, SolveOptions,
    SolveOutcome, Variable,
};

/// Tolerance of the constraints, absolute, for rows of length about 1.
const FEASIBILITY: f64 = 1e-10;

/// The outcome of a linear program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LpOutcome {
    /// An optimal point.
    Optimal(Vec<f64>),
    /// The objective has no upper bound.
    Unbounded,
    /// The solver fails, because of rounding errors.
    Stuck,
    /// The solver did not end before the deadline.
    OutOfTime,
}

/// Maximizes `objective . y` over all `y` with `row . y <= limit` for every row, until a deadline.
pub(super) fn maximize<'a>(
    objective: &[f64],
    rows: impl IntoIterator<Item = (&'a [f64], f64)>,
    deadline: Option<Instant>,
) -> LpOutcome {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let coordinate = |&factor: &f64| problem.add_var(factor, (f64::NEG_INFINITY, f64::INFINITY));
    let coordinates: Vec<Variable> = objective.iter().map(coordinate).collect();
    for (row, limit) in rows {
        let coefficients = coordinates.iter().copied().zip(row.iter().copied());
        let coefficients = coefficients.filter(|(_, coefficient)| *coefficient != 0.0);
        problem.add_constraint(coefficients, ComparisonOp::Le, limit);
    }
    match solve(problem, deadline) {
        Some(Ok(SolveOutcome::Solution(best))) if best.status() == SolutionStatus::Optimal => {
            LpOutcome::Optimal(coordinates.iter().map(|&at| best.var_value(at)).collect())
        }
        Some(Ok(_)) | None => LpOutcome::OutOfTime,
        Some(Err(Error::Unbounded)) => LpOutcome::Unbounded,
        Some(Err(_)) => LpOutcome::Stuck,
    }
}

/// Solves a problem. `None` if the deadline passes first.
///
/// microlp checks its own time limit once in 1,000 iterations, which may take minutes. A program
/// with a deadline therefore runs in its own thread. After the deadline the caller returns, and the
/// thread ends at its next check.
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
    // Sending fails after the caller has returned.
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
