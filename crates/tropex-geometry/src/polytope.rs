//! Regions as polytopes.

use super::{Facet, Regions, Side};
use crate::Error;

/// The closed region of a point as inequalities `A x <= b`, one for every unit and every rival in a
/// pooling, until [`Polytope::essential`] leaves out those that follow from others. Takes
/// `8 * sides * features` bytes.
#[derive(Clone, Debug)]
pub struct Polytope {
    /// The point whose region it is.
    pub(super) point: Vec<f64>,
    /// Unit vectors `[sides, features]`.
    normals: Vec<f64>,
    /// How far the point is from each side.
    pub(super) distances: Vec<f64>,
    facets: Vec<Option<Facet>>,
}

/// An inequality `normal . x <= limit`, its normal of length 1.
#[derive(Clone, Copy, Debug)]
pub struct Inequality<'a> {
    /// The outward normal.
    pub normal: &'a [f64],
    /// The right-hand side.
    pub limit: f64,
    /// What is beyond; none for the sides of a box.
    pub facet: Option<Facet>,
}

impl Regions {
    /// The region of a point.
    ///
    /// # Errors
    /// Other than one whole point; numbers beyond f64.
    pub fn polytope(&self, point: &[f64]) -> Result<Polytope, Error> {
        self.polytope_watched(point, &|_| {})
    }

    /// The same; `watch` is told how many of the [rows](Self::rows_of_point) were pulled back.
    ///
    /// # Errors
    /// As for [`Regions::polytope`].
    pub fn polytope_watched(
        &self,
        point: &[f64],
        watch: &dyn Fn(usize),
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
        let add = |side: Side<'_>| {
            let length = length(side.normal);
            polytope.normals.extend(side.normal.iter().map(|value| -value / length));
            polytope.distances.push(side.gap / length);
            polytope.facets.push(Some(side.facet));
        };
        self.visit_sides_watched(point, add, watch)?;
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

    /// The point whose region it is.
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

    /// How far a point is inside: its distance to the nearest of the hyperplanes, negative outside,
    /// infinite if there are none.
    ///
    /// # Errors
    /// Another number of coordinates.
    pub fn depth(&self, point: &[f64]) -> Result<f64, Error> {
        if point.len() != self.features() {
            return Err(Error::shape("values of the point", point.len(), self.features()));
        }
        Ok(self.depths(point).fold(f64::INFINITY, f64::min))
    }

    /// How far a point is inside of every side.
    pub(super) fn depths(&self, point: &[f64]) -> impl Iterator<Item = f64> {
        let moved: Vec<f64> = point.iter().zip(&self.point).map(|(to, from)| to - from).collect();
        self.rows().map(move |(normal, distance)| distance - dot(normal, &moved))
    }

    /// Whether a point is in the polytope or no further than `tolerance` from its hyperplanes.
    ///
    /// # Errors
    /// Another number of coordinates.
    pub fn contains(&self, point: &[f64], tolerance: f64) -> Result<bool, Error> {
        Ok(self.depth(point)? >= -tolerance)
    }

    /// The part in a box with the same limits for every coordinate, such as 0 and 1 for images.
    ///
    /// # Errors
    /// A box that the point is not in.
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

    /// The polytope of some of the sides.
    pub(super) fn only(&self, sides: &[usize]) -> Self {
        Self {
            point: self.point.clone(),
            normals: sides.iter().flat_map(|&side| self.normal(side)).copied().collect(),
            distances: sides.iter().map(|&side| self.distances[side]).collect(),
            facets: sides.iter().map(|&side| self.facets[side]).collect(),
        }
    }

    /// Normals, and the distances of the sides from the point.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.normals.chunks_exact(self.features()).zip(self.distances.iter().copied())
    }

    pub(super) fn normal(&self, side: usize) -> &[f64] {
        &self.normals[side * self.features()..][..self.features()]
    }
}

pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
