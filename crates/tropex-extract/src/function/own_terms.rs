//! Whether the terms of points win at the points themselves.

use super::ranking::Assignment;
use super::top_k_search::{Blocks, Rules, TopKSearch};
use crate::terms::{Gap, TermTable};
use crate::{ComputeTarget, Error};

/// A search for the best of all terms at chosen points that also notes the points' own terms.
pub(crate) struct OwnTermSearch<'a> {
    search: TopKSearch<'a>,
    points: &'a [f32],
    features: usize,
    /// Positions of the points.
    chosen: &'a [usize],
    own: Vec<Own>,
}

impl<'a> OwnTermSearch<'a> {
    /// `points` are the chosen ones, `[chosen, features]`, row by row; `target` is in f32.
    ///
    /// # Errors
    /// Points that are not finite numbers.
    pub(crate) fn new(
        points: &'a [f32],
        chosen: &'a [usize],
        features: usize,
        target: &'a ComputeTarget,
    ) -> Result<Self, Error> {
        let rules = Rules { top: 1, without: None };
        let search = TopKSearch::new(points, features, rules, Blocks::default(), target)?;
        Ok(Self { search, points, features, chosen, own: vec![Own::default(); chosen.len()] })
    }

    /// Compares the terms of a table with the best so far.
    pub(crate) fn compare(&mut self, table: &TermTable) {
        self.search.compare(table);
        let points = self.points.chunks(self.features).zip(self.chosen);
        for (own, (point, position)) in self.own.iter_mut().zip(points) {
            if table.positions().contains(position) {
                *own = Own::of(table, position - table.first, point);
            }
        }
    }

    /// The gaps of the chosen points, after all terms have competed.
    pub(crate) fn gaps(self) -> Vec<Gap> {
        let winners = self.search.ranking().assignments;
        let points = self.chosen.iter().zip(self.own).zip(winners);
        points
            .map(|((&position, own), winner)| Gap { position, excess: own.excess(&winner) })
            .collect()
    }
}

/// Values of a point's own terms at the point.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    positive: f64,
    negative: f64,
    /// What the value's terms add up to in absolute value: rounding is judged against it.
    size: f64,
}

impl Own {
    fn of(table: &TermTable, term: usize, point: &[f32]) -> Self {
        let class = table.predicted_slot(term);
        let positive = table.positive(term, class).at(point);
        let negative = table.negative(term).at(point);
        let size = positive.size.max(negative.size);
        Self { positive: positive.value, negative: negative.value, size }
    }

    /// How far the winners exceed the own terms, relative to the size of the numbers added.
    fn excess(&self, winner: &Assignment) -> f64 {
        let positive = winner.positive_value - self.positive;
        let negative = winner.negative_value - self.negative;
        positive.max(negative).max(0.0) / self.size.max(f64::MIN_POSITIVE)
    }
}
