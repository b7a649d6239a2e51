//! Comparison of the terms of points with all terms, at the points.

use super::ranking::Assignment;
use super::top_k_search::{BlockSizes, SearchRequest, TopKSearch};
use crate::terms::{DominanceGap, TermTable};
use crate::{ComputeTarget, Error};

/// A search for the largest terms at selected points that also records the values of the terms of
/// these points.
pub(crate) struct OwnTermSearch<'a> {
    search: TopKSearch<'a>,
    points: &'a [f32],
    features: usize,
    /// Positions of the selected points.
    chosen: &'a [usize],
    own: Vec<OwnValues>,
}

impl<'a> OwnTermSearch<'a> {
    /// `points` are the points at the positions `chosen`, `[chosen, features]`, row by row.
    /// `target` has the precision `f32`.
    ///
    /// # Errors
    /// A value that is not finite.
    pub(crate) fn new(
        points: &'a [f32],
        chosen: &'a [usize],
        features: usize,
        target: &'a ComputeTarget,
    ) -> Result<Self, Error> {
        let request = SearchRequest { top: 1, without: None };
        let search = TopKSearch::new(points, features, request, BlockSizes::default(), target)?;
        Ok(Self { search, points, features, chosen, own: vec![OwnValues::default(); chosen.len()] })
    }

    /// Compares the terms of a table with the largest terms so far.
    pub(crate) fn add_table(&mut self, table: &TermTable) {
        self.search.add_table(table);
        let points = self.points.chunks(self.features).zip(self.chosen);
        for (own, (point, position)) in self.own.iter_mut().zip(points) {
            if table.positions().contains(position) {
                *own = OwnValues::of(table, position - table.first, point);
            }
        }
    }

    /// The excess over the terms of the selected points, after all terms were compared.
    pub(crate) fn gaps(self) -> Vec<DominanceGap> {
        let winners = self.search.ranking().assignments;
        let points = self.chosen.iter().zip(self.own).zip(winners);
        points
            .map(|((&position, own), winner)| DominanceGap {
                position,
                excess: own.excess(&winner),
            })
            .collect()
    }
}

/// Values of the terms of a point at the point.
#[derive(Clone, Copy, Debug, Default)]
struct OwnValues {
    positive: f64,
    negative: f64,
    /// Sum of the absolute values of all summands; the excess is relative to it.
    size: f64,
}

impl OwnValues {
    fn of(table: &TermTable, term: usize, point: &[f32]) -> Self {
        let class = table.predicted_slot(term);
        let [positive, negative] = [table.positive(term, class), table.negative(term)];
        Self {
            positive: positive.exactly(point).value(),
            negative: negative.exactly(point).value(),
            size: positive.size_at(point).max(negative.size_at(point)),
        }
    }

    /// Excess of the winners over the terms of the point, relative to `size`.
    fn excess(&self, winner: &Assignment) -> f64 {
        let positive = winner.positive_value - self.positive;
        let negative = winner.negative_value - self.negative;
        positive.max(negative).max(0.0) / self.size.max(f64::MIN_POSITIVE)
    }
}
