//! How far points are from the boundaries of their regions.

use super::{Facet, Regions, Side};
use crate::Error;

/// How far a point can move before it leaves its region.
///
/// The hyperplane that is nearest of all touches the region where it is nearest to the point: on
/// the way there the point meets no other. So the least distance to a hyperplane is the distance to
/// the boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The distance.
    pub distance: f64,
    /// The side of the region that is nearest.
    pub facet: Facet,
    /// A nearest point on it.
    pub point: Vec<f64>,
}

/// The nearest boundary by three norms; none where a region has no end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distances {
    /// By the sum of absolute values.
    pub l1: Option<Nearest>,
    /// By the Euclidean norm.
    pub l2: Option<Nearest>,
    /// By the largest absolute value.
    pub linf: Option<Nearest>,
}

impl Regions {
    /// The distances of points `[points, features]` to the boundaries of their regions, all three
    /// from one reading of all sides: `gap / |normal|` with the dual norm. A point on a boundary is
    /// at distance 0.
    ///
    /// Every side of every point takes a row back to the input: of a convolutional network with a
    /// hundred thousand units that is most of an hour a point, while
    /// [`Paths::first_crossings`](super::Paths::first_crossings) takes two passes for a direction.
    ///
    /// # Errors
    /// No points, or values that are not whole points; numbers beyond f64.
    pub fn distances(&self, points: &[f64]) -> Result<Vec<Distances>, Error> {
        self.distances_watched(points, &|_| {})
    }

    /// The same; `watch` is told how many of the [rows](Self::rows_of_point) of all points were pulled
    /// back.
    ///
    /// # Errors
    /// As for [`Regions::distances`].
    pub fn distances_watched(
        &self,
        points: &[f64],
        watch: &dyn Fn(usize),
    ) -> Result<Vec<Distances>, Error> {
        let features = self.network().features();
        let mut found = vec![Distances::default(); self.network().count(points)?];
        let meet = |side: Side<'_>| {
            let point = &points[side.point * features..][..features];
            found[side.point].meet(&side, point);
        };
        self.visit_sides_watched(points, meet, watch)?;
        Ok(found)
    }
}

impl Distances {
    /// Takes a side into account.
    fn meet(&mut self, side: &Side<'_>, point: &[f64]) {
        let (mut sum, mut squares, mut largest) = (0.0_f64, 0.0_f64, 0_usize);
        for (index, value) in side.normal.iter().enumerate() {
            sum += value.abs();
            squares += value * value;
            if value.abs() > side.normal[largest].abs() {
                largest = index;
            }
        }
        let moved = |step: &dyn Fn(usize, f64) -> f64| {
            let steps = side.normal.iter().enumerate();
            point.iter().zip(steps).map(|(x, (index, normal))| x - step(index, *normal)).collect()
        };
        let steep = side.normal[largest];
        nearer(&mut self.l1, side, side.gap / steep.abs(), || {
            moved(&|index, _| if index == largest { side.gap / steep } else { 0.0 })
        });
        nearer(&mut self.l2, side, side.gap / squares.sqrt(), || {
            moved(&|_, normal| side.gap / squares * normal)
        });
        nearer(&mut self.linf, side, side.gap / sum, || {
            moved(&|_, normal| if normal == 0.0 { 0.0 } else { side.gap / sum * normal.signum() })
        });
    }
}

/// Keeps the nearer of two sides, the first of several.
fn nearer(
    nearest: &mut Option<Nearest>,
    side: &Side<'_>,
    distance: f64,
    point: impl FnOnce() -> Vec<f64>,
) {
    if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
        *nearest = Some(Nearest { distance, facet: side.facet, point: point() });
    }
}
