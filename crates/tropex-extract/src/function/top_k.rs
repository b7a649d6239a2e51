//! The best terms at one point.

use std::cmp::Ordering;

use super::score_block::{ScoreBlock, Side};
use crate::exact::Exact;
use crate::terms::{Reference, TermTable};

/// Rows of a point that wait for their exact value at most.
const WAITING: usize = 256;

/// A point, and the terms of one side that are best there so far.
///
/// Every term passes at most three sieves, each with a bound on its own error: the score in f32
/// that a product gave, the value in f64, and, for the few that these leave, the exact value. So
/// the outcome is that of exact arithmetic, whatever the product's order of summation.
#[derive(Clone, Debug)]
pub(super) struct TopK {
    /// `||(x, 1)||`
    length: f64,
    /// How many terms are wanted.
    top: usize,
    /// Position in the store of the point whose terms take no part.
    without: Option<usize>,
    /// The best of earlier shards, best first.
    best: Vec<Best>,
    /// Rows of this shard that may be among the best.
    waiting: Vec<Waiting>,
    /// The largest lower bounds that are known, largest first: no more than are wanted.
    lowest: Vec<f64>,
    /// Values computed in f64.
    pub(super) evaluated: u64,
    /// Values computed exactly.
    pub(super) exact: u64,
}

/// A term whose exact value is known.
#[derive(Clone, Debug)]
pub(super) struct Best {
    /// Position in the store.
    pub(super) position: usize,
    pub(super) class: usize,
    pub(super) value: Exact,
}

/// A row of the shard, and an upper bound of its value above the reference.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    row: usize,
    high: f64,
}

/// What the values of rows are computed from.
#[derive(Clone, Copy)]
pub(super) struct RowContext<'a> {
    pub(super) table: &'a TermTable,
    pub(super) side: Side,
    pub(super) reference: &'a Reference,
}

impl TopK {
    pub(super) fn new(length: f64, top: usize, without: Option<usize>) -> Self {
        let (best, waiting, lowest) = (Vec::new(), Vec::new(), Vec::new());
        Self { length, top, without, best, waiting, lowest, evaluated: 0, exact: 0 }
    }

    /// The best terms, best first, of equal ones the first in the store.
    pub(super) fn best(&self) -> &[Best] {
        &self.best
    }

    /// What a term's value must reach to be among the best, above the reference.
    fn threshold(&self) -> f64 {
        match self.lowest.len() < self.top {
            true => f64::NEG_INFINITY,
            false => self.lowest.last().copied().unwrap_or(f64::NEG_INFINITY),
        }
    }

    /// Whether a row of a block may be among the best, given the largest score of all.
    pub(super) fn is_open_to(&self, block: &ScoreBlock, peak: f32) -> bool {
        let highest = f64::from(peak) * block.scale + block.worst * self.length;
        highest >= self.threshold() || !block.is_finite_at(self.length)
    }

    /// Lets the rows of a block compete, given their scores at the point.
    pub(super) fn compare(
        &mut self,
        block: &ScoreBlock,
        scores: &[f32],
        context: RowContext<'_>,
        point: &[f32],
    ) {
        // Rows that take no part may be among the best, and of equal terms the first ones win.
        let others = if self.without.is_some() { context.table.per_point() } else { 0 };
        let rank = self.top + others;
        let is_finite = block.is_finite_at(self.length);
        let highest = |(row, &score): (usize, &f32)| {
            let highest = f64::from(score) * block.scale + block.errors[row].score * self.length;
            (row, if is_finite { highest } else { f64::INFINITY })
        };
        let floor = match is_finite {
            true => self.floor(block, scores, rank),
            false => f64::NEG_INFINITY,
        };
        let rows = scores.iter().enumerate().map(highest);
        let rows = rows.filter(|&(row, highest)| highest >= floor && block.copies[row] < rank);
        let mut rows: Vec<_> = rows.collect();
        // Those that promise most first: their values rule most of the others out.
        rows.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
        for (row, highest) in rows {
            if highest < self.threshold() {
                break;
            }
            let error = block.errors[row].value * self.length;
            self.offer(block.first + row, error, context, point);
        }
    }

    /// A value that `rank` rows of a block reach, or as many earlier terms as are wanted.
    fn floor(&self, block: &ScoreBlock, scores: &[f32], rank: usize) -> f64 {
        let threshold = self.threshold();
        if threshold > f64::NEG_INFINITY || rank > scores.len() {
            return threshold;
        }
        let mut scores = scores.to_vec();
        let (_, &mut score, _) = scores.select_nth_unstable_by(rank - 1, |a, b| b.total_cmp(a));
        f64::from(score) * block.scale - block.worst * self.length
    }

    fn offer(&mut self, row: usize, error: f64, context: RowContext<'_>, point: &[f32]) {
        if self.without == Some(context.side.identity(context.table, row).0) {
            return;
        }
        self.evaluated += 1;
        let value = context.side.term(context.table, row).above(context.reference, point);
        let (low, high) = match (value - error).is_finite() && (value + error).is_finite() {
            true => (value - error, value + error),
            false => (f64::NEG_INFINITY, f64::INFINITY),
        };
        if high < self.threshold() {
            return;
        }
        if self.waiting.len() == WAITING {
            self.resolve_exact(context, point);
        }
        self.waiting.push(Waiting { row, high });
        let place = self.lowest.partition_point(|&other| other >= low);
        self.lowest.insert(place, low);
        self.lowest.truncate(self.top);
    }

    /// Decides between the rows of a shard that wait and the best of earlier ones.
    pub(super) fn resolve_exact(&mut self, context: RowContext<'_>, point: &[f32]) {
        let threshold = self.threshold();
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.high >= threshold {
                self.exact += 1;
                let (position, class) = context.side.identity(context.table, waiting.row);
                let value = context.side.term(context.table, waiting.row).exactly(point);
                self.best.push(Best { position, class, value });
            }
        }
        self.best.sort_by(Best::order);
        self.best.truncate(self.top);
    }
}

impl Best {
    /// Larger values first, of equal ones the first in the store.
    fn order(&self, other: &Self) -> Ordering {
        let values = other.value.cmp(&self.value);
        values.then(self.position.cmp(&other.position)).then(self.class.cmp(&other.class))
    }
}
