//! Regions as polytopes.

use super::simplex::{Outcome, maximise};
use super::{Facet, Regions};
use crate::Error;

/// Inequalities that hold within this distance count as fulfilled with equality.
const TOUCHING: f64 = 1e-9;

/// The closed region of a point as inequalities `A x <= b`, one for every unit and every rival in a
/// pooling, until [`Polytope::essential`] leaves out those that follow from others. Takes
/// `8 * sides * features` bytes.
#[derive(Clone, Debug)]
pub struct Polytope {
    /// The point whose region it is.
    point: Vec<f64>,
    /// Unit vectors `[sides, features]`.
    normals: Vec<f64>,
    /// How far the point is from each side.
    distances: Vec<f64>,
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

/// A largest ball in a polytope.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball {
    /// Its centre, the Chebyshev centre.
    pub centre: Vec<f64>,
    /// Its radius, the inradius.
    pub radius: f64,
}

impl Regions {
    /// The region of a point.
    ///
    /// # Errors
    /// Other than one whole point; numbers beyond f64.
    pub fn polytope(&self, point: &[f64]) -> Result<Polytope, Error> {
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
        self.visit_sides(point, |side| {
            let length = length(side.normal);
            polytope.normals.extend(side.normal.iter().map(|value| -value / length));
            polytope.distances.push(side.gap / length);
            polytope.facets.push(Some(side.facet));
        })?;
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
        let moved: Vec<f64> = point.iter().zip(&self.point).map(|(to, from)| to - from).collect();
        let depths = self.rows().map(|(normal, distance)| distance - dot(normal, &moved));
        Ok(depths.fold(f64::INFINITY, f64::min))
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

    /// A largest ball inside, by a linear program in all coordinates.
    ///
    /// # Errors
    /// No largest one, as in an unbounded region.
    pub fn ball(&self) -> Result<Ball, Error> {
        self.ball_up_to(f64::INFINITY)
    }

    /// A largest ball inside of those that are not larger than a limit.
    fn ball_up_to(&self, limit: f64) -> Result<Ball, Error> {
        let features = self.features();
        let with_radius = self.rows().map(|(normal, _)| [normal, &[1.0]].concat());
        let mut rows: Vec<Vec<f64>> = with_radius.collect();
        let mut limits = self.distances.clone();
        let radius: Vec<f64> = [vec![0.0; features], vec![1.0]].concat();
        if limit.is_finite() {
            rows.push(radius.clone());
            limits.push(limit);
        }
        match maximise(&radius, rows.iter().map(Vec::as_slice).zip(limits)) {
            Outcome::Best(best) => {
                let (step, radius) = best.split_at(features);
                let centre = self.point.iter().zip(step).map(|(x, step)| x + step).collect();
                Ok(Ball { centre, radius: radius[0] })
            }
            Outcome::Unbounded => Err(Error::Region(
                "the region holds balls of any size: look for the largest within a box".into(),
            )),
            Outcome::Stuck => Err(stuck()),
        }
    }

    /// The polytope by those inequalities alone that none of the others imply, in their order: its
    /// facets, which are where other regions begin. Of inequalities that say the same the first one
    /// stays. Takes a linear program for each, in as many inequalities as turn out to be needed.
    ///
    /// # Errors
    /// A region without interior.
    pub fn essential(&self) -> Result<Self, Error> {
        let Ball { centre, radius } = self.ball_up_to(1.0)?;
        if radius <= TOUCHING {
            let reason = "the region has no interior: the point is on several boundaries at once";
            return Err(Error::Region(reason.into()));
        }
        let depths: Vec<f64> = {
            let moved: Vec<f64> = centre.iter().zip(&self.point).map(|(to, x)| to - x).collect();
            self.rows().map(|(normal, distance)| distance - dot(normal, &moved)).collect()
        };
        let mut needed: Vec<usize> = Vec::new();
        for side in 0..self.sides() {
            // Every ray that gets past the sides found so far finds a new one.
            while !needed.contains(&side) {
                let Some(beyond) = self.beyond(side, &needed, &depths)? else { break };
                let hit = self.first_hit(&beyond, &depths, &needed);
                needed.extend(if hit.is_empty() { vec![side] } else { hit });
            }
        }
        needed.sort_unstable();
        // A ray through a corner hits sides that only touch the polytope.
        for side in needed.clone().into_iter().rev() {
            let others: Vec<usize> =
                needed.iter().copied().filter(|other| *other != side).collect();
            if self.beyond(side, &others, &depths)?.is_none() {
                needed = others;
            }
        }
        Ok(self.only(&needed))
    }

    /// A step from the centre that stays within some sides and yet leaves another one behind, if there
    /// is one. `depths` is how far the centre is from every side.
    fn beyond(
        &self,
        side: usize,
        within: &[usize],
        depths: &[f64],
    ) -> Result<Option<Vec<f64>>, Error> {
        let normal = self.normal(side);
        let rows = within.iter().map(|&other| (self.normal(other), depths[other]));
        let rows = rows.chain([(normal, depths[side] + 1.0)]);
        match maximise(normal, rows) {
            Outcome::Best(step) => {
                Ok(Some(step).filter(|step| dot(normal, step) > depths[side] + TOUCHING))
            }
            Outcome::Unbounded | Outcome::Stuck => Err(stuck()),
        }
    }

    /// The sides that a ray from the centre meets first, but for those already known.
    fn first_hit(&self, direction: &[f64], depths: &[f64], known: &[usize]) -> Vec<usize> {
        let at = |side: usize| {
            let rate = dot(self.normal(side), direction);
            if rate > 0.0 { depths[side] / rate } else { f64::INFINITY }
        };
        let positions: Vec<f64> = (0..self.sides()).map(at).collect();
        let first = positions.iter().copied().fold(f64::INFINITY, f64::min);
        let hit = (0..self.sides()).filter(|&side| positions[side] <= first * (1.0 + TOUCHING));
        hit.filter(|side| !known.contains(side)).collect()
    }

    /// The polytope of some of the sides.
    fn only(&self, sides: &[usize]) -> Self {
        Self {
            point: self.point.clone(),
            normals: sides.iter().flat_map(|&side| self.normal(side)).copied().collect(),
            distances: sides.iter().map(|&side| self.distances[side]).collect(),
            facets: sides.iter().map(|&side| self.facets[side]).collect(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.normals.chunks_exact(self.features()).zip(self.distances.iter().copied())
    }

    fn normal(&self, side: usize) -> &[f64] {
        &self.normals[side * self.features()..][..self.features()]
    }
}

fn stuck() -> Error {
    Error::Region("a linear program about the region does not end: its sides are too alike".into())
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
