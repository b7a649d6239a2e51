//! The way from the origin to a vertex.

use std::time::Instant;

use super::dictionary::{Dictionary, Variable};
use super::{Interruption, require_time};

/// Number of coordinates that are compared for the largest pivot.
const CANDIDATES: usize = 16;

impl Dictionary {
    /// Moves along coordinates until as many sides meet as there are coordinates. A coordinate that
    /// no row depends on stays nonbasic.
    pub(crate) fn go_to_vertex(&mut self, deadline: Option<Instant>) -> Result<(), Interruption> {
        let is_free = |variable: &Variable| matches!(variable, Variable::Coordinate(_));
        loop {
            require_time(deadline)?;
            let free = (0..self.nonbasic().len()).filter(|&at| is_free(&self.nonbasic()[at]));
            // Few columns have no pivot, so that nearly all candidates count.
            let mut pivots = free.filter_map(|column| self.pivot_of(column)).take(CANDIDATES);
            let Some(first) = pivots.next() else { return Ok(()) };
            let best =
                pivots.fold(first, |best, other| if other.2 > best.2 { other } else { best });
            self.pivot(best.0, best.1);
        }
    }

    /// The row and the column of the larger of the two pivots of a column, and the size of the
    /// pivot as a share of the largest coefficient of the column.
    fn pivot_of(&self, column: usize) -> Option<(usize, usize, f64)> {
        let coefficients = self.column(column);
        let largest = coefficients.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let steps = [1.0, -1.0].map(|direction| self.step(&coefficients, direction, None));
        let sizes = steps.into_iter().flatten().map(|step| {
            let size = coefficients[step.row].abs() / largest;
            (step.row, column, size)
        });
        sizes.max_by(|(.., a), (.., b)| a.total_cmp(b))
    }
}
