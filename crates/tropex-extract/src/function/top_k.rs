//! The largest terms at one point.

use std::cmp::Ordering;

use super::score_block::{Polynomial, ScoreBlock};
use crate::exact::Exact;
use crate::terms::{ReferenceTerm, TermTable};

/// Largest number of rows per point that wait for their exact value.
const MAX_PENDING: usize = 256;

/// Search for the largest terms of one maximum at a point.
///
/// Every term passes at most three tests, each with a bound on its error: the `f32` score of a
/// product, the `f64` value, and the exact value for the few remaining terms. The result is
/// therefore the result of exact arithmetic, for every order of summation.
#[derive(Clone, Debug)]
pub(super) struct TopK {
    /// `||(x, 1)||`
    length: f64,
    /// Number of terms to find.
    top: usize,
    /// Position in the store whose terms are excluded.
    without: Option<usize>,
    /// The largest terms of earlier tables, largest first.
    best: Vec<ExactTerm>,
    /// Rows of the current table that may be among the largest terms.
    pending: Vec<PendingRow>,
    /// The largest known lower bounds, largest first; at most `top`.
    lower_bounds: Vec<f64>,
    /// Values computed in f64.
    pub(super) evaluated: u64,
    /// Values computed exactly.
    pub(super) exact: u64,
}

/// A term with its exact value.
#[derive(Clone, Debug)]
pub(super) struct ExactTerm {
    /// Position in the store.
    pub(super) position: usize,
    pub(super) class: usize,
    pub(super) value: Exact,
}

/// A row of the table and an upper bound on its value minus the reference.
#[derive(Clone, Copy, Debug)]
struct PendingRow {
    row: usize,
    high: f64,
}

/// The table, the maximum and the reference of a comparison.
#[derive(Clone, Copy)]
pub(super) struct RowContext<'a> {
    pub(super) table: &'a TermTable,
    pub(super) polynomial: Polynomial,
    pub(super) reference: &'a ReferenceTerm,
}

impl TopK {
    pub(super) fn new(length: f64, top: usize, without: Option<usize>) -> Self {
        let (best, pending, lower_bounds) = (Vec::new(), Vec::new(), Vec::new());
        Self { length, top, without, best, pending, lower_bounds, evaluated: 0, exact: 0 }
    }

    /// The largest terms, largest first. Of equal terms, the lowest position in the store is first.
    pub(super) fn best(&self) -> &[ExactTerm] {
        &self.best
    }

    /// The value minus the reference that a term must reach to be among the largest terms.
    fn threshold(&self) -> f64 {
        match self.lower_bounds.len() < self.top {
            true => f64::NEG_INFINITY,
            false => self.lower_bounds.last().copied().unwrap_or(f64::NEG_INFINITY),
        }
    }

    /// Whether a row of a block may be among the largest terms, given the largest score of the
    /// block.
    pub(super) fn may_contain(&self, block: &ScoreBlock, peak: f32) -> bool {
        let highest = f64::from(peak) * block.scale + block.worst * self.length;
        highest >= self.threshold() || !block.is_finite_at(self.length)
    }

    /// Compares the rows of a block, given their scores at the point.
    pub(super) fn add_block(
        &mut self,
        block: &ScoreBlock,
        scores: &[f32],
        context: RowContext<'_>,
        point: &[f32],
    ) {
        // The block may contain the excluded rows, and the first rows win ties.
        let others = if self.without.is_some() { context.table.per_point() } else { 0 };
        let rank = self.top + others;
        let is_finite = block.is_finite_at(self.length);
        let highest = |(row, &score): (usize, &f32)| {
            let highest = f64::from(score) * block.scale + block.errors[row].score * self.length;
            (row, if is_finite { highest } else { f64::INFINITY })
        };
        let bound = match is_finite {
            true => self.rank_bound(block, scores, rank),
            false => f64::NEG_INFINITY,
        };
        let rows = scores.iter().enumerate().map(highest);
        let rows = rows.filter(|&(row, highest)| highest >= bound && block.copies[row] < rank);
        let mut rows: Vec<_> = rows.collect();
        // Large upper bounds first: their values exclude most of the other rows.
        rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
        for (row, highest) in rows {
            if highest < self.threshold() {
                break;
            }
            let error = block.errors[row].value * self.length;
            self.evaluate(block.first + row, error, context, point);
        }
    }

    /// A lower bound on the value of the `rank`-th largest row of the block; the threshold, if
    /// there is one.
    fn rank_bound(&self, block: &ScoreBlock, scores: &[f32], rank: usize) -> f64 {
        let threshold = self.threshold();
        if threshold > f64::NEG_INFINITY || rank > scores.len() {
            return threshold;
        }
        let mut scores = scores.to_vec();
        let (_, &mut score, _) = scores.select_nth_unstable_by(rank - 1, |a, b| b.total_cmp(a));
        f64::from(score) * block.scale - block.worst * self.length
    }

    fn evaluate(&mut self, row: usize, error: f64, context: RowContext<'_>, point: &[f32]) {
        if self.without == Some(context.polynomial.identity(context.table, row).0) {
            return;
        }
        self.evaluated += 1;
        let value = context.polynomial.term(context.table, row).above(context.reference, point);
        let (low, high) = match (value - error).is_finite() && (value + error).is_finite() {
            true => (value - error, value + error),
            false => (f64::NEG_INFINITY, f64::INFINITY),
        };
        if high < self.threshold() {
            return;
        }
        if self.pending.len() == MAX_PENDING {
            self.resolve_exact(context, point);
        }
        self.pending.push(PendingRow { row, high });
        let position = self.lower_bounds.partition_point(|&other| other >= low);
        self.lower_bounds.insert(position, low);
        self.lower_bounds.truncate(self.top);
    }

    /// Decides exactly between the pending rows of a table and the largest terms of earlier tables.
    pub(super) fn resolve_exact(&mut self, context: RowContext<'_>, point: &[f32]) {
        let threshold = self.threshold();
        for pending in std::mem::take(&mut self.pending) {
            if pending.high >= threshold {
                self.exact += 1;
                let (position, class) = context.polynomial.identity(context.table, pending.row);
                let value = context.polynomial.term(context.table, pending.row).exactly(point);
                self.best.push(ExactTerm { position, class, value });
            }
        }
        self.best.sort_by(ExactTerm::order);
        self.best.truncate(self.top);
    }
}

impl ExactTerm {
    /// Larger values first; of equal values, the lowest position in the store first.
    fn order(&self, other: &Self) -> Ordering {
        let values = other.value.cmp(&self.value);
        values.then(self.position.cmp(&other.position)).then(self.class.cmp(&other.class))
    }
}
