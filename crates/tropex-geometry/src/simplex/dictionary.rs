//! Dictionaries: systems of inequalities, solved for some of their variables.

use rayon::prelude::*;

/// Coefficients up to this size are taken for rounding errors of zero, for rows of length about 1.
pub(super) const ZERO: f64 = 1e-9;

/// How far slacks may fall below zero, for distances of about 1. It leaves a choice among rows that
/// block a step at about equal positions (Harris 1973), of which the largest pivot is taken.
const SLACKNESS: f64 = 1e-10;

/// Smallest number of coefficients per task of a pivot.
const TASK: usize = 1 << 15;

/// A variable of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// A coordinate, which may have either sign.
    Coordinate(usize),
    /// The slack `limit - row . y` of a row, which is not negative.
    Slack(usize),
    /// A function to be minimized, which may have either sign.
    Objective,
}

/// The inequalities `row . y <= limit`, as equations `basic = value - coefficients . nonbasic`.
///
/// At the vertex of the dictionary all nonbasic variables are zero and the basic ones have their
/// values.
#[derive(Clone, Debug)]
pub(crate) struct Dictionary {
    /// `[basic, nonbasic]`, row by row.
    coefficients: Vec<f64>,
    values: Vec<f64>,
    basic: Vec<Variable>,
    nonbasic: Vec<Variable>,
}

/// A step along a nonbasic variable to the first row that blocks it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// The row.
    pub(super) row: usize,
    /// The value of the nonbasic variable there.
    pub(super) length: f64,
}

impl Dictionary {
    /// The dictionary whose nonbasic variables are the coordinates, at the origin.
    ///
    /// # Shapes
    /// - rows: `[limits, coordinates]`
    pub(crate) fn new(rows: Vec<f64>, limits: Vec<f64>, coordinates: usize) -> Self {
        Self {
            basic: (0..limits.len()).map(Variable::Slack).collect(),
            nonbasic: (0..coordinates).map(Variable::Coordinate).collect(),
            coefficients: rows,
            values: limits,
        }
    }

    /// Adds a function `constant - row . y` of the coordinates, while they are all nonbasic.
    pub(super) fn add_objective(&mut self, constant: f64, row: &[f64]) {
        self.coefficients.extend(row);
        self.values.push(constant);
        self.basic.push(Variable::Objective);
    }

    /// The basic variables, in the order of the rows.
    pub(super) fn basic(&self) -> &[Variable] {
        &self.basic
    }

    /// The nonbasic variables, in the order of the columns.
    pub(super) fn nonbasic(&self) -> &[Variable] {
        &self.nonbasic
    }

    /// The coefficients of a row.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.coefficients[row * self.nonbasic.len()..][..self.nonbasic.len()]
    }

    /// The value of the basic variable of a row.
    pub(super) fn value(&self, row: usize) -> f64 {
        self.values[row]
    }

    /// The coefficients of a column.
    pub(super) fn column(&self, column: usize) -> Vec<f64> {
        self.coefficients[column..].iter().step_by(self.nonbasic.len()).copied().collect()
    }

    /// The row of a basic variable.
    pub(super) fn row_of(&self, variable: Variable) -> Option<usize> {
        self.basic.iter().position(|basic| *basic == variable)
    }

    /// Removes a row, and with it an inequality.
    pub(super) fn remove(&mut self, row: usize) {
        let (width, last) = (self.nonbasic.len(), self.basic.len() - 1);
        self.coefficients.copy_within(last * width.., row * width);
        self.coefficients.truncate(last * width);
        self.values.swap_remove(row);
        self.basic.swap_remove(row);
    }

    /// Exchanges the basic variable of a row with the nonbasic variable of a column.
    pub(super) fn pivot(&mut self, row: usize, column: usize) {
        let width = self.nonbasic.len();
        let factor = 1.0 / self.row(row)[column];
        let mut pivot: Vec<f64> = self.row(row).iter().map(|value| factor * value).collect();
        pivot[column] = factor;
        let value = factor * self.values[row];
        let rows = self.coefficients.par_chunks_exact_mut(width).zip(&mut self.values);
        rows.with_min_len(TASK.div_ceil(width)).for_each(|(row, own)| {
            let share = row[column];
            if share != 0.0 {
                row[column] = 0.0;
                row.iter_mut().zip(&pivot).for_each(|(to, pivot)| *to -= share * pivot);
                *own -= share * value;
            }
        });
        self.coefficients[row * width..][..width].copy_from_slice(&pivot);
        self.values[row] = value;
        std::mem::swap(&mut self.basic[row], &mut self.nonbasic[column]);
    }

    /// The longest step along a column in a direction, 1 or -1, at which no slack but that of the
    /// row `relaxed` becomes negative. `None` if no slack blocks it.
    pub(super) fn step(
        &self,
        column: &[f64],
        direction: f64,
        relaxed: Option<usize>,
    ) -> Option<Step> {
        let blocking = || {
            let rows = self.basic.iter().zip(column).zip(&self.values).enumerate();
            rows.filter_map(|(row, ((basic, coefficient), value))| {
                let rate = direction * coefficient;
                let blocks = matches!(basic, Variable::Slack(_)) && rate > ZERO;
                (blocks && relaxed != Some(row)).then_some((row, rate, *value))
            })
        };
        let limit = blocking().map(|(_, rate, value)| (value.max(0.0) + SLACKNESS) / rate);
        let limit = limit.fold(f64::INFINITY, f64::min);
        let near = blocking().filter(|(_, rate, value)| value / rate <= limit);
        let (row, rate, value) = near.max_by(|(_, a, _), (_, b, _)| a.total_cmp(b))?;
        Some(Step { row, length: (value / rate).max(0.0) })
    }

    /// The coordinates of the vertex.
    pub(super) fn vertex(&self) -> Vec<f64> {
        let mut point = vec![0.0; self.coordinate_count()];
        for (basic, value) in self.basic.iter().zip(&self.values) {
            if let Variable::Coordinate(index) = basic {
                point[*index] = *value;
            }
        }
        point
    }

    /// The coordinates where a nonbasic variable has a value and all others are zero.
    pub(super) fn coordinates(&self, column: usize, length: f64) -> Vec<f64> {
        let mut point = self.vertex();
        for (row, basic) in self.basic.iter().enumerate() {
            if let Variable::Coordinate(index) = basic {
                point[*index] -= length * self.row(row)[column];
            }
        }
        if let Variable::Coordinate(index) = self.nonbasic[column] {
            point[index] = length;
        }
        point
    }

    fn coordinate_count(&self) -> usize {
        let all = self.basic.iter().chain(&self.nonbasic);
        all.filter(|variable| matches!(variable, Variable::Coordinate(_))).count()
    }
}
