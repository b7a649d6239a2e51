//! Regions as polytopes.

mod chebyshev;
mod halfspace;
mod irredundant;
mod node_gaps;
mod normal_products;
mod point_gaps;
mod ray_shooting;
mod relaxation;
mod search;

use std::ops::ControlFlow;

use crate::{Error, Facet};

pub use chebyshev::{Ball, LargestBall};
pub use halfspace::{Halfspace, Regions};
pub use irredundant::RedundancyRemoval;

/// The closed region of a point as inequalities `A x <= b`.
///
/// There is one inequality for every unit, and for a pooling one for every other cell of its
/// window. [`Polytope::irredundant`] removes those that others imply. Takes `8 * sides * features`
/// bytes.
#[derive(Clone, Debug)]
pub struct Polytope {
    /// The point of the region, `[features]`.
    point: Vec<f64>,
    /// Outward unit normals `[sides, features]`.
    normals: Vec<f64>,
    /// Distances of the point from the hyperplanes, `[sides]`.
    distances: Vec<f64>,
    facets: Vec<Option<Facet>>,
}

/// An inequality `normal . x <= limit` with a normal of length 1.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inequality<'a> {
    /// The outward normal, `[features]`.
    pub normal: &'a [f64],
    /// The right-hand side.
    pub limit: f64,
    /// The unit that changes on the hyperplane. `None` for a side of a box.
    pub facet: Option<Facet>,
}

impl Regions {
    /// The region of a point.
    ///
    /// # Shapes
    /// - point: `[features]`
    ///
    /// # Errors
    /// Not one whole point; values outside the range of f64.
    pub fn polytope(&self, point: &[f64]) -> Result<Polytope, Error> {
        self.polytope_with_progress(point, &|_| ControlFlow::Continue(()))
    }

    /// Like [`Regions::polytope`]. `progress` receives the number of [rows](Self::rows_per_point)
    /// that were pulled back.
    ///
    /// # Errors
    /// As for [`Regions::polytope`]; [`Error::Cancelled`].
    pub fn polytope_with_progress(
        &self,
        point: &[f64],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Polytope, Error> {
        let features = self.network().features();
        if point.len() != features {
            return Err(Error::shape("values of the point", point.len(), features));
        }
        let mut polytope = Polytope {
            point: point.to_vec(),
            normals: Vec::new(),
            distances: Vec::new(),
            facets: Vec::new(),
        };
        let add = |halfspace: Halfspace<'_>| {
            let length = length(halfspace.normal);
            polytope.normals.extend(halfspace.normal.iter().map(|value| -value / length));
            polytope.distances.push(halfspace.gap / length);
            polytope.facets.push(Some(halfspace.facet));
        };
        self.visit_halfspaces_with_progress(point, add, progress)?;
        Ok(polytope)
    }
}

impl Polytope {
    /// Number of coordinates.
    pub fn features(&self) -> usize {
        self.point.len()
    }

    /// Number of inequalities.
    pub fn sides(&self) -> usize {
        self.distances.len()
    }

    /// The point of the region.
    pub fn point(&self) -> &[f64] {
        &self.point
    }

    /// The inequalities.
    pub fn inequalities(&self) -> impl Iterator<Item = Inequality<'_>> {
        let rows = self.normals.chunks_exact(self.features());
        rows.zip(&self.distances).zip(&self.facets).map(|((normal, distance), facet)| Inequality {
            normal,
            limit: dot(normal, &self.point) + distance,
            facet: *facet,
        })
    }

    /// The depth of a point: its distance to the nearest hyperplane. It is negative outside, and
    /// infinite without inequalities.
    ///
    /// # Errors
    /// A wrong number of coordinates.
    pub fn depth(&self, point: &[f64]) -> Result<f64, Error> {
        if point.len() != self.features() {
            return Err(Error::shape("values of the point", point.len(), self.features()));
        }
        let moved: Vec<f64> = point.iter().zip(&self.point).map(|(to, from)| to - from).collect();
        let depths = self.rows().map(|(normal, distance)| distance - dot(normal, &moved));
        Ok(depths.fold(f64::INFINITY, f64::min))
    }

    /// Whether a point is in the polytope, or at most `tolerance` beyond its hyperplanes.
    ///
    /// # Errors
    /// A wrong number of coordinates.
    pub fn contains(&self, point: &[f64], tolerance: f64) -> Result<bool, Error> {
        Ok(self.depth(point)? >= -tolerance)
    }

    /// The intersection with a box that has one lower and one upper limit for all coordinates, such
    /// as 0 and 1 for images.
    ///
    /// # Errors
    /// The point of the region is outside the box.
    pub fn within(mut self, lowest: f64, highest: f64) -> Result<Self, Error> {
        for (index, value) in self.point.iter().enumerate() {
            let (below, above) = (value - lowest, highest - value);
            if !(below >= 0.0 && above >= 0.0) {
                let what = format!("coordinate {index} of the point");
                return Err(Error::shape(what, value, format!("{lowest} to {highest}")));
            }
            for (sign, distance) in [(-1.0, below), (1.0, above)] {
                let unit = (0..self.point.len()).map(|at| if at == index { sign } else { 0.0 });
                self.normals.extend(unit);
                self.distances.push(distance);
                self.facets.push(None);
            }
        }
        Ok(self)
    }

    /// The polytope with these sides only.
    fn only(&self, sides: &[usize]) -> Self {
        Self {
            point: self.point.clone(),
            normals: sides.iter().flat_map(|&side| self.normal(side)).copied().collect(),
            distances: sides.iter().map(|&side| self.distances[side]).collect(),
            facets: sides.iter().map(|&side| self.facets[side]).collect(),
        }
    }

    /// The normals, and the distances of the point from the hyperplanes.
    fn rows(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.normals.chunks_exact(self.features()).zip(self.distances.iter().copied())
    }

    fn normal(&self, side: usize) -> &[f64] {
        &self.normals[side * self.features()..][..self.features()]
    }

    /// The unit of length of searches in the polytope: a power of two near the median distance of
    /// the hyperplanes from the point. In this unit distances are about 1, which tolerances rely
    /// on.
    fn unit(&self) -> f64 {
        let mut distances: Vec<f64> =
            self.distances.iter().copied().filter(|distance| *distance > 0.0).collect();
        if distances.is_empty() {
            return 1.0;
        }
        let middle = distances.len() / 2;
        let (_, median, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
        median.log2().floor().clamp(-1000.0, 1000.0).exp2()
    }
}

/// The scalar product. Eight sums, so that the compiler uses vector instructions.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    const SUMS: usize = 8;
    let (left, right) = (left.chunks_exact(SUMS), right.chunks_exact(SUMS));
    let rest = left.remainder().iter().zip(right.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    let mut sums = [0.0; SUMS];
    for (left, right) in left.zip(right) {
        let products = left.iter().zip(right).map(|(a, b)| a * b);
        sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
    }
    sums.iter().sum::<f64>() + rest
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
