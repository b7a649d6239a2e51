//! Distances of points to the boundaries of their regions.

mod column_norms;
mod nearest;
mod result;
mod side_bounds;

use std::ops::ControlFlow;

use crate::{DistanceMethod, Error, Halfspace, Regions};
use nearest::NearestSearch;
use side_bounds::SideBounds;

pub use result::{Distances, Nearest, NearestBoundaries};

impl Regions {
    /// The distances of points to the boundaries of their regions, `gap / |normal|` with the dual
    /// norm. A point on a boundary has distance 0.
    ///
    /// Takes one backward pass for every side of the region, or one forward pass for every input,
    /// see [`DistanceMethod`]. For one direction,
    /// [`Paths::first_crossings`](crate::Paths::first_crossings) needs two forward passes.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points; values outside the range of f64.
    pub fn distances(&self, points: &[f64]) -> Result<Vec<Distances>, Error> {
        self.distances_with_progress(points, &|_| ControlFlow::Continue(()))
    }

    /// Like [`Regions::distances`]. `progress` receives how many of the
    /// [rows](Self::rows_per_point) of all points are done.
    ///
    /// # Errors
    /// As for [`Regions::distances`]; [`Error::Cancelled`].
    pub fn distances_with_progress(
        &self,
        points: &[f64],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Vec<Distances>, Error> {
        let count = self.network().count(points)?;
        let chosen = self.distance_method();
        match chosen.unwrap_or_else(|| DistanceMethod::of(self.network(), self.layout())) {
            DistanceMethod::Rows => self.distances_by_rows(points, count, progress),
            DistanceMethod::Columns => {
                let rows = self.rows_per_point();
                let points = points.chunks_exact(self.network().features()).enumerate();
                let of_point = |(index, point)| {
                    let report = |done: usize| progress(index * rows + done);
                    self.distances_by_columns(point, &report)
                };
                points.map(of_point).collect()
            }
        }
    }

    fn distances_by_rows(
        &self,
        points: &[f64],
        count: usize,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Vec<Distances>, Error> {
        let points_of = |index: usize| &points[index * self.network().features()..];
        let features = self.network().features();
        let new = |index: usize| NearestSearch::new(&points_of(index)[..features]);
        let mut searches: Vec<NearestSearch<'_>> = (0..count).map(new).collect();
        let add = |halfspace: Halfspace<'_>| searches[halfspace.point].add(&halfspace);
        self.visit_halfspaces_with_progress(points, add, progress)?;
        Ok(searches.into_iter().map(NearestSearch::finish).collect())
    }

    /// The distances of one point, from the rows that the norms of all rows do not rule out.
    fn distances_by_columns(
        &self,
        point: &[f64],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Distances, Error> {
        let Some(bounds) = SideBounds::new(self, point, progress)? else {
            // A norm is beyond the range of numbers. A row may still be within it.
            return Ok(self.distances_by_rows(point, 1, progress)?.remove(0));
        };
        let mut search = NearestSearch::new(point);
        bounds.touching().for_each(|facet| search.touch(facet));
        self.visit_sides(point, &bounds.undecided(), |halfspace| search.add(&halfspace))?;
        Ok(search.finish())
    }
}
