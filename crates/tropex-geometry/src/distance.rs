//! Distances of points to the boundaries of their regions.

use crate::Error;
use crate::{Facet, Halfspace, Regions};

/// The nearest boundary of a region, by one norm.
///
/// The nearest hyperplane touches the region at its point nearest to the given point, because the
/// straight segment to this point crosses no other hyperplane first. The smallest distance to a
/// hyperplane is therefore the distance to the boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The distance.
    pub distance: f64,
    /// The nearest facet.
    pub facet: Facet,
    /// A nearest point on the facet, `[features]`.
    pub point: Vec<f64>,
}

/// The nearest boundary by three norms. `None` if the region is the whole space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distances {
    /// In the l1 norm, the sum of absolute values.
    pub l1: Option<Nearest>,
    /// In the Euclidean norm.
    pub l2: Option<Nearest>,
    /// In the maximum norm, the largest absolute value.
    pub linf: Option<Nearest>,
}

impl Regions {
    /// The distances of points to the boundaries of their regions, `gap / |normal|` with the dual
    /// norm. A point on a boundary has distance 0.
    ///
    /// Each halfspace of each point takes one coefficient row back to the input. A convolutional
    /// network with 100,000 units needs most of an hour for a point. For one direction,
    /// [`Paths::first_crossings`](crate::Paths::first_crossings) needs two forward passes.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points; values outside the range of f64.
    pub fn distances(&self, points: &[f64]) -> Result<Vec<Distances>, Error> {
        self.distances_with_progress(points, &|_| {})
    }

    /// Like [`Regions::distances`]. `progress` receives the number of
    /// [rows](Self::rows_per_point) of all points that were pulled back.
    ///
    /// # Errors
    /// As for [`Regions::distances`].
    pub fn distances_with_progress(
        &self,
        points: &[f64],
        progress: &dyn Fn(usize),
    ) -> Result<Vec<Distances>, Error> {
        let features = self.network().features();
        let mut distances = vec![Distances::default(); self.network().count(points)?];
        let add = |halfspace: Halfspace<'_>| {
            let point = &points[halfspace.point * features..][..features];
            distances[halfspace.point].add(&halfspace, point);
        };
        self.visit_halfspaces_with_progress(points, add, progress)?;
        Ok(distances)
    }
}

impl Distances {
    /// Updates the nearest boundaries with a halfspace.
    fn add(&mut self, halfspace: &Halfspace<'_>, point: &[f64]) {
        let (mut sum, mut squares, mut largest) = (0.0_f64, 0.0_f64, 0_usize);
        for (index, value) in halfspace.normal.iter().enumerate() {
            sum += value.abs();
            squares += value * value;
            if value.abs() > halfspace.normal[largest].abs() {
                largest = index;
            }
        }
        let moved = |step: &dyn Fn(usize, f64) -> f64| {
            let steps = halfspace.normal.iter().enumerate();
            point.iter().zip(steps).map(|(x, (index, normal))| x - step(index, *normal)).collect()
        };
        let (gap, steepest) = (halfspace.gap, halfspace.normal[largest]);
        keep_nearer(&mut self.l1, halfspace, gap / steepest.abs(), || {
            moved(&|index, _| if index == largest { gap / steepest } else { 0.0 })
        });
        keep_nearer(&mut self.l2, halfspace, gap / squares.sqrt(), || {
            moved(&|_, normal| gap / squares * normal)
        });
        keep_nearer(&mut self.linf, halfspace, gap / sum, || {
            moved(&|_, normal| if normal == 0.0 { 0.0 } else { gap / sum * normal.signum() })
        });
    }
}

/// Keeps the nearer of two boundaries. On ties the first one stays.
fn keep_nearer(
    nearest: &mut Option<Nearest>,
    halfspace: &Halfspace<'_>,
    distance: f64,
    point: impl FnOnce() -> Vec<f64>,
) {
    if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
        *nearest = Some(Nearest { distance, facet: halfspace.facet, point: point() });
    }
}
