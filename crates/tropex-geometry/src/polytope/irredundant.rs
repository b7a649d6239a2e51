//! The facets of a polytope: the inequalities that the others do not imply.

use std::ops::ControlFlow;
use std::time::Instant;

use super::normal_products::NormalProducts;
use super::ray_shooting::facets_on_ray;
use super::relaxation::{Depths, INSIDE, Relaxation};
use super::search::{SearchError, TOUCHING, require_time, stuck};
use super::{Polytope, dot};
use crate::Error;
use crate::lp::{LpOutcome, maximize};

/// Depth of the centre that rays start from, in units: rays from there meet most of the facets.
const CENTRE: f64 = 0.5;

/// Depth that each step to the centre aims at, in units.
const CENTRE_AIM: f64 = 1.0;

/// Depth that each step to a point beyond one side aims at, in units. For the 59 sides of a region
/// of `fcn4` that rays do not decide, aims of 1, 0.3, 0.1, 0.03 and 0.01 took 11,991, 5,321, 5,470,
/// 7,381 and 9,480 steps; for 103 sides of a random layer with 300 inputs and 1,200 units 26,549,
/// 3,115, 2,705, 3,164 and 3,939.
const BEYOND_AIM: f64 = 0.1;

/// The outcome of the removal of redundant inequalities.
#[derive(Clone, Debug)]
pub struct RedundancyRemoval {
    /// The polytope with the facets found so far.
    pub polytope: Polytope,
    /// Number of sides that are decided.
    pub examined: usize,
    /// Whether all sides are decided.
    pub is_complete: bool,
}

impl Polytope {
    /// The irredundant inequalities in their order: the facets of the polytope, behind which other
    /// regions begin. Of equal inequalities the first one stays.
    ///
    /// A point beyond one side and within all others proves that the side is a facet. Rays from a
    /// point deep inside find most of these points, and steps away from the nearest side find
    /// others. Linear programs decide the sides that are left.
    ///
    /// # Errors
    /// The region has no interior.
    pub fn irredundant(&self) -> Result<Self, Error> {
        Ok(self.irredundant_until(None, &|_, _| ControlFlow::Continue(()))?.polytope)
    }

    /// Like [`Polytope::irredundant`], with a deadline. `progress` receives the number of sides
    /// that are decided and the number of facets among them, and may end the search.
    ///
    /// # Errors
    /// The region has no interior.
    pub fn irredundant_until(
        &self,
        deadline: Option<Instant>,
        progress: &dyn Fn(usize, usize) -> ControlFlow<()>,
    ) -> Result<RedundancyRemoval, Error> {
        let mut search = FacetSearch {
            polytope: self,
            products: NormalProducts::new(self),
            answers: vec![None; self.sides()],
            examined: 0,
            facets: 0,
            deadline,
            progress,
        };
        let is_complete = match search.run() {
            Ok(()) => true,
            Err(SearchError::Interrupted) => false,
            Err(SearchError::Failed(error)) => return Err(error),
        };
        let facets = (0..self.sides()).filter(|&side| search.answers[side] == Some(true));
        let polytope = self.only(&facets.collect::<Vec<_>>());
        Ok(RedundancyRemoval { polytope, examined: search.examined, is_complete })
    }
}

struct FacetSearch<'a> {
    polytope: &'a Polytope,
    products: NormalProducts<'a>,
    /// Whether each side is a facet. `None` if it is not decided.
    answers: Vec<Option<bool>>,
    /// Number of sides that are decided.
    examined: usize,
    /// Number of facets among them.
    facets: usize,
    deadline: Option<Instant>,
    progress: &'a dyn Fn(usize, usize) -> ControlFlow<()>,
}

impl FacetSearch<'_> {
    fn run(&mut self) -> Result<(), SearchError> {
        let centre = self.centre()?;
        for side in 0..self.polytope.sides() {
            require_time(self.deadline)?;
            if self.answers[side].is_none() {
                let facets = facets_on_ray(&mut self.products, &centre, side);
                facets.into_iter().try_for_each(|facet| self.decide(facet, true))?;
            }
        }
        for side in self.undecided() {
            if self.has_point_beyond(side, &centre)? {
                self.decide(side, true)?;
            }
        }
        // From the last, so that of equal sides the first one stays.
        for side in self.undecided().into_iter().rev() {
            let is_facet = self.exceeds_others(side, &centre)?;
            self.decide(side, is_facet)?;
        }
        Ok(())
    }

    fn undecided(&self) -> Vec<usize> {
        (0..self.answers.len()).filter(|&side| self.answers[side].is_none()).collect()
    }

    fn decide(&mut self, side: usize, is_facet: bool) -> Result<(), SearchError> {
        if self.answers[side].replace(is_facet).is_none() {
            self.examined += 1;
            self.facets += usize::from(is_facet);
        }
        match (self.progress)(self.examined, self.facets) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(SearchError::Interrupted),
        }
    }

    /// Depths of a point inside. If steps away from the nearest side do not lead inside, the centre
    /// of a largest ball is taken.
    fn centre(&mut self) -> Result<Depths, SearchError> {
        let (polytope, unit) = (self.polytope, self.polytope.unit());
        let depths: Depths = polytope.distances.iter().map(|distance| distance / unit).collect();
        // A region of `fcn4` with 1,064 sides took 353 steps.
        let steps = polytope.sides() / 2 + 16;
        let relaxation = Relaxation { aim: CENTRE_AIM, deep: CENTRE, steps, beyond: None };
        if let Some(centre) = relaxation.run(&mut self.products, &depths, self.deadline)? {
            return Ok(centre);
        }
        let (step, radius) = polytope.largest_ball(unit, 1.0, self.deadline)?.ok_or_else(stuck)?;
        if radius <= TOUCHING {
            return Err(Error::NoInterior.into());
        }
        let rows = polytope.rows();
        Ok(rows.map(|(normal, distance)| distance / unit - dot(normal, &step)).collect())
    }

    /// Whether steps find a point beyond a side and within all others.
    fn has_point_beyond(&mut self, side: usize, centre: &[f64]) -> Result<bool, SearchError> {
        // In a region of `fcn4` with 1,064 sides, 59 sides took 93 steps on average.
        let steps = self.polytope.sides() + 16;
        let relaxation = Relaxation { aim: BEYOND_AIM, deep: INSIDE, steps, beyond: Some(side) };
        Ok(relaxation.run(&mut self.products, centre, self.deadline)?.is_some())
    }

    /// Whether the sides that are facets or not decided have a point beyond a side, by a linear
    /// program.
    fn exceeds_others(&self, side: usize, centre: &[f64]) -> Result<bool, SearchError> {
        let normal = self.polytope.normal(side);
        let others = (0..self.answers.len())
            .filter(|&other| other != side && self.answers[other] != Some(false));
        let rows = others.map(|other| (self.polytope.normal(other), centre[other]));
        let rows = rows.chain([(normal, centre[side] + 1.0)]);
        match maximize(normal, rows, self.deadline) {
            LpOutcome::Optimal(step) => Ok(dot(normal, &step) > centre[side] + TOUCHING),
            LpOutcome::Unbounded | LpOutcome::Stuck => Err(stuck().into()),
            LpOutcome::OutOfTime => Err(SearchError::Interrupted),
        }
    }
}
