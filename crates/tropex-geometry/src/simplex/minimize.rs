//! Minima of basic variables.

use std::time::Instant;

use super::dictionary::{Dictionary, Variable, ZERO};
use super::{Interruption, require_time};

/// Pivots without progress after which columns are chosen at random, which ends a cycle.
const STALLED: usize = 64;

/// Largest number of pivots per variable. A program about a region of `fcn4` took 166 pivots at
/// most.
const MOST_PIVOTS: usize = 64;

/// The minimum of a basic variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Minimum {
    /// The variable can fall below the limit: coordinates at which it is below, and no slack but its
    /// own is negative. The variable is nonbasic now if it is a slack.
    Below(Vec<f64>),
    /// The smallest value is not below the limit. The vertex is one at which it is reached.
    Reached(f64),
}

impl Dictionary {
    /// Lowers a basic variable until it falls below a limit, or to its minimum.
    ///
    /// Below the limit the slack of a row becomes nonbasic, so that the dictionary stays in its
    /// inequality.
    pub(super) fn minimize(
        &mut self,
        variable: Variable,
        limit: f64,
        deadline: Option<Instant>,
    ) -> Result<Minimum, Interruption> {
        let most = MOST_PIVOTS * (self.basic().len() + self.nonbasic().len());
        let (mut stalled, mut seed) = (0, 1_u64);
        for _ in 0..most {
            require_time(deadline)?;
            let Some(row) = self.row_of(variable) else { return Err(Interruption::Stuck) };
            let chosen =
                if stalled < STALLED { self.steepest(row) } else { self.any(row, &mut seed) };
            let Some((column, direction)) = chosen else {
                return Ok(Minimum::Reached(self.value(row)));
            };
            let coefficients = self.column(column);
            let rate = direction * coefficients[row];
            let step = self.step(&coefficients, direction, Some(row));
            let end = step.map_or(f64::NEG_INFINITY, |step| self.value(row) - rate * step.length);
            if end < limit {
                // Not far beyond the limit, where rounding errors grow.
                let length = (self.value(row) - end.max(2.0 * limit.min(0.0) - 1.0)) / rate;
                let point = self.coordinates(column, direction * length);
                if matches!(variable, Variable::Slack(_)) {
                    self.pivot(row, column);
                }
                return Ok(Minimum::Below(point));
            }
            let Some(step) = step else { return Err(Interruption::Stuck) };
            stalled = if rate * step.length > ZERO { 0 } else { stalled + 1 };
            self.pivot(step.row, column);
        }
        Err(Interruption::Stuck)
    }

    /// The column and the direction along which a basic variable falls fastest.
    fn steepest(&self, row: usize) -> Option<(usize, f64)> {
        let falling = self.falling(row);
        let steepest = falling.max_by(|(.., a), (.., b)| a.total_cmp(b))?;
        Some((steepest.0, steepest.1))
    }

    /// A random one of the columns along which a basic variable falls.
    fn any(&self, row: usize, seed: &mut u64) -> Option<(usize, f64)> {
        let falling: Vec<_> = self.falling(row).collect();
        // A xorshift generator (Marsaglia 2003).
        [(13, true), (7, false), (17, true)].into_iter().for_each(|(by, is_left)| {
            *seed ^= if is_left { *seed << by } else { *seed >> by };
        });
        let chosen = falling.get((*seed % falling.len().max(1) as u64) as usize)?;
        Some((chosen.0, chosen.1))
    }

    /// The columns along which a basic variable falls, with direction and rate.
    fn falling(&self, row: usize) -> impl Iterator<Item = (usize, f64, f64)> {
        let columns = self.row(row).iter().zip(self.nonbasic()).enumerate();
        columns.filter_map(|(column, (&rate, variable))| match variable {
            Variable::Slack(_) => (rate > ZERO).then_some((column, 1.0, rate)),
            _ => (rate.abs() > ZERO).then_some((column, rate.signum(), rate.abs())),
        })
    }

    /// Lowers the slack of a row below a limit, which is not positive, or to its minimum.
    pub(crate) fn minimize_slack(
        &mut self,
        row: usize,
        limit: f64,
        deadline: Option<Instant>,
    ) -> Result<Minimum, Interruption> {
        let slack = Variable::Slack(row);
        if let Some(column) = self.nonbasic().iter().position(|variable| *variable == slack) {
            match self.step(&self.column(column), -1.0, None) {
                // Another row is zero here too. It takes the place of this one.
                Some(step) if step.length <= -limit => self.pivot(step.row, column),
                beyond => {
                    let length = beyond.map_or(1.0, |step| step.length.min(1.0));
                    return Ok(Minimum::Below(self.coordinates(column, -length)));
                }
            }
        }
        self.minimize(slack, limit, deadline)
    }

    /// Removes the inequality of a row whose slack is basic.
    pub(crate) fn remove_slack(&mut self, row: usize) {
        if let Some(row) = self.row_of(Variable::Slack(row)) {
            self.remove(row);
        }
    }

    /// The multipliers of other rows whose sum implies the inequality of a row: the coefficients of
    /// its slack at its minimum, with the opposite sign. Empty if the slack is not basic.
    pub(crate) fn multipliers(&self, row: usize) -> Vec<(usize, f64)> {
        let Some(row) = self.row_of(Variable::Slack(row)) else { return Vec::new() };
        let columns = self.nonbasic().iter().zip(self.row(row));
        let multiplier = |(variable, rate): (&Variable, &f64)| match variable {
            Variable::Slack(other) => (*rate != 0.0).then_some((*other, -rate)),
            _ => None,
        };
        columns.filter_map(multiplier).collect()
    }
}
