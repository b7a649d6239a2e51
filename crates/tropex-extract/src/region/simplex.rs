//! Linear programs whose origin is feasible, by the simplex method on a dense dictionary.

/// Coefficients and costs below this are zero, and steps shorter than this are none. Rows and costs
/// are of length about 1.
const ZERO: f64 = 1e-11;

/// Steps of no length in a row after which variables are taken by their number, which cannot go
/// round in circles.
const PATIENCE: usize = 64;

/// Where a linear program ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// At a point that is best.
    Best(Vec<f64>),
    /// There are better points without end.
    Unbounded,
    /// Rounding keeps it from an end.
    Stuck,
}

/// A variable: a coordinate, which may have either sign, or the slack of a row, which may not be
/// negative.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Variable {
    Coordinate(usize),
    Slack(usize),
}

/// Every basic variable and the objective as affine functions of the others, which are zero.
struct Dictionary {
    basic: Vec<Variable>,
    others: Vec<Variable>,
    /// A row for each basic variable and a last one for the objective: coefficients of the others,
    /// then the constant.
    rows: Vec<Vec<f64>>,
}

/// Maximises `costs . y` over all `y` with `row . y <= limit` for every row; limits must not be
/// negative. Coordinates leave zero first and never come back, so that what is left are steps from
/// corner to corner.
pub(super) fn maximise<'a>(
    costs: &[f64],
    rows: impl IntoIterator<Item = (&'a [f64], f64)>,
) -> Outcome {
    let mut dictionary = Dictionary::new(costs, rows);
    let most = 100 * (dictionary.basic.len() + costs.len());
    let mut idle = 0;
    for _ in 0..most {
        let in_order = idle >= PATIENCE;
        let Some((entering, sign)) = dictionary.entering(in_order) else {
            return Outcome::Best(dictionary.point(costs.len()));
        };
        let Some((leaving, step)) = dictionary.leaving(entering, sign, in_order) else {
            return Outcome::Unbounded;
        };
        idle = if step > ZERO { 0 } else { idle + 1 };
        dictionary.pivot(leaving, entering);
    }
    Outcome::Stuck
}

impl Dictionary {
    fn new<'a>(costs: &[f64], rows: impl IntoIterator<Item = (&'a [f64], f64)>) -> Self {
        let slack = |(row, limit): (&[f64], f64)| {
            row.iter().map(|coefficient| -coefficient).chain([limit]).collect::<Vec<f64>>()
        };
        let mut rows: Vec<Vec<f64>> = rows.into_iter().map(slack).collect();
        let basic = (0..rows.len()).map(Variable::Slack).collect();
        let others = (0..costs.len()).map(Variable::Coordinate).collect();
        rows.push(costs.iter().copied().chain([0.0]).collect());
        Self { basic, others, rows }
    }

    /// The variable to change, and in what direction: a coordinate if one is left, else the one that
    /// promises most, or the first of all.
    fn entering(&self, in_order: bool) -> Option<(usize, f64)> {
        let costs = &self.rows[self.basic.len()];
        let improves = |column: &usize| match self.others[*column] {
            Variable::Coordinate(_) => costs[*column].abs() > ZERO,
            Variable::Slack(_) => costs[*column] > ZERO,
        };
        let rank = |column: usize| match self.others[column] {
            Variable::Coordinate(_) => (1, costs[column].abs()),
            Variable::Slack(number) if in_order => (0, -(number as f64)),
            Variable::Slack(_) => (0, costs[column]),
        };
        let better = |a: &usize, b: &usize| {
            let ((first, one), (second, other)) = (rank(*a), rank(*b));
            first.cmp(&second).then(one.total_cmp(&other))
        };
        let column = (0..self.others.len()).filter(improves).max_by(better)?;
        Some((column, costs[column].signum()))
    }

    /// The slack that is zero first when a variable changes, and the length of that step. Of several
    /// it is the one that falls fastest, which rounds least, or the first.
    fn leaving(&self, entering: usize, sign: f64, in_order: bool) -> Option<(usize, f64)> {
        let constant = self.others.len();
        let falls = |row: usize| {
            let Variable::Slack(number) = self.basic[row] else { return None };
            let fall = -sign * self.rows[row][entering];
            let left = self.rows[row][constant].max(0.0);
            let rank = if in_order { number as f64 } else { -fall };
            (fall > ZERO).then_some((row, left / fall, rank))
        };
        let first = (0..self.basic.len()).filter_map(falls);
        let first = first.min_by(|(_, a, i), (_, b, j)| a.total_cmp(b).then(i.total_cmp(j)))?;
        Some((first.0, first.1))
    }

    /// Lets a basic and another variable trade places.
    fn pivot(&mut self, leaving: usize, entering: usize) {
        std::mem::swap(&mut self.basic[leaving], &mut self.others[entering]);
        let mut pivot = std::mem::take(&mut self.rows[leaving]);
        let divisor = -pivot[entering];
        pivot[entering] = -1.0;
        pivot.iter_mut().for_each(|value| *value /= divisor);
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            let factor = std::mem::take(&mut row[entering]);
            if factor != 0.0 {
                row.iter_mut().zip(&pivot).for_each(|(value, other)| *value += factor * other);
            }
        }
        self.rows[leaving] = pivot;
    }

    fn point(&self, coordinates: usize) -> Vec<f64> {
        let mut point = vec![0.0; coordinates];
        for (variable, row) in self.basic.iter().zip(&self.rows) {
            if let Variable::Coordinate(index) = variable {
                point[*index] = row[self.others.len()];
            }
        }
        point
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
            match (maximise(&costs, slices), expected) {
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
