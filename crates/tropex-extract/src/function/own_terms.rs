//! Comparison of the terms of points with all terms, at the points.

use super::own_term_values::{OwnTermValues, OwnValues};
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
    /// The values of the terms that were among the tables, `[chosen]`.
    own: Vec<Option<OwnValues>>,
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
        Ok(Self { search, points, features, chosen, own: vec![None; chosen.len()] })
    }

    /// Compares the terms of a table with the largest terms so far.
    pub(crate) fn add_table(&mut self, table: &TermTable) {
        self.search.add_table(table);
        let points = self.points.chunks(self.features).zip(self.chosen);
        for (own, (point, position)) in self.own.iter_mut().zip(points) {
            if table.positions().contains(position) {
                *own = Some(OwnValues::of(table, position - table.first, point));
            }
        }
    }

    /// The excess over the terms of the selected points, after all terms were compared.
    pub(crate) fn gaps(self) -> Vec<DominanceGap> {
        let chosen = self.chosen;
        self.values().gaps(chosen)
    }

    /// The largest values at the selected points, and the values of their own terms.
    pub(crate) fn values(self) -> OwnTermValues {
        let own = self.own.into_iter().enumerate();
        let own = own.filter_map(|(index, own)| own.map(|own| (index, own))).collect();
        OwnTermValues::new(&self.search.ranking().assignments, own)
    }
}
