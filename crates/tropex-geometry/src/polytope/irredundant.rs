//! The facets of a polytope: the inequalities that the others do not imply.

use std::time::Instant;

use super::ray_shooting::Depths;
use super::search::{SearchError, TOUCHING, stuck};
use super::{Polytope, dot};
use crate::Error;
use crate::lp::{LpOutcome, maximize};

/// The outcome of the removal of redundant inequalities.
#[derive(Clone, Debug)]
pub struct RedundancyRemoval {
    /// The polytope with the sides found so far. If the search is not complete, some of these sides
    /// may only touch the polytope.
    pub polytope: Polytope,
    /// Number of sides that were examined.
    pub examined: usize,
    /// Whether all facets were found, and nothing else.
    pub is_complete: bool,
}

impl Polytope {
    /// The irredundant inequalities in their order: the facets of the polytope, behind which other
    /// regions begin. Of equal inequalities the first one stays.
    ///
    /// Rays from a point deep inside prove most facets. Each other side takes a linear program.
    ///
    /// # Errors
    /// The region has no interior.
    pub fn irredundant(&self) -> Result<Self, Error> {
        Ok(self.irredundant_until(None, &|_, _| {})?.polytope)
    }

    /// Like [`Polytope::irredundant`], with a deadline. `progress` receives the number of sides
    /// examined and the number of facets among them.
    ///
    /// # Errors
    /// The region has no interior.
    pub fn irredundant_until(
        &self,
        deadline: Option<Instant>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<RedundancyRemoval, Error> {
        let mut facets = Vec::new();
        let mut examined = 0;
        let mut report = |sides, facets: usize| {
            examined = sides;
            progress(sides, facets);
        };
        let is_complete = match self.find_facets(&mut facets, deadline, &mut report) {
            Ok(()) => true,
            Err(SearchError::OutOfTime) => false,
            Err(SearchError::Failed(error)) => return Err(error),
        };
        facets.sort_unstable();
        Ok(RedundancyRemoval { polytope: self.only(&facets), examined, is_complete })
    }

    fn find_facets(
        &self,
        facets: &mut Vec<usize>,
        deadline: Option<Instant>,
        report: &mut dyn FnMut(usize, usize),
    ) -> Result<(), SearchError> {
        let depths = self.depths_inside(deadline)?;
        self.prove_by_rays(&depths, facets, deadline, report)?;
        let proven = facets.clone();
        for side in 0..self.sides() {
            let ahead = proven.iter().filter(|&&proven| proven >= side).count();
            report(side + ahead, facets.len());
            // Every ray that passes all sides found so far finds a new one.
            while !facets.contains(&side) {
                let Some(step) = self.step_beyond(side, facets, &depths, deadline)? else { break };
                let hit = self.first_hit(&step, &depths, facets);
                facets.extend(if hit.is_empty() { vec![side] } else { hit });
            }
        }
        facets.sort_unstable();
        // A ray through a corner hits sides that only touch the polytope.
        for side in facets.clone().into_iter().rev().filter(|side| !proven.contains(side)) {
            let others: Vec<usize> =
                facets.iter().copied().filter(|other| *other != side).collect();
            if self.step_beyond(side, &others, &depths, deadline)?.is_none() {
                *facets = others;
            }
            report(self.sides(), facets.len());
        }
        report(self.sides(), facets.len());
        Ok(())
    }

    /// Depths of a point inside. If steps away from the nearest side do not lead deep inside, the
    /// centre of a largest ball is taken.
    fn depths_inside(&self, deadline: Option<Instant>) -> Result<Depths, SearchError> {
        if let Some(depths) = self.centred(deadline)? {
            return Ok(depths);
        }
        let unit = self.unit();
        let (step, radius) = self.largest_ball(unit, 1.0, deadline)?.ok_or_else(stuck)?;
        if radius <= TOUCHING {
            let reason = "the region has no interior, or is too thin to tell its facets: the point \
                          is on several boundaries at once, up to rounding";
            return Err(Error::Region(reason.into()).into());
        }
        let depths = self.rows().map(|(normal, distance)| distance / unit - dot(normal, &step));
        Ok(depths.collect())
    }

    /// A step from the centre that leads beyond `side` and stays within the sides `within`. `None`
    /// if there is none. `depths` are the distances of the centre from all sides, in units.
    fn step_beyond(
        &self,
        side: usize,
        within: &[usize],
        depths: &[f64],
        deadline: Option<Instant>,
    ) -> Result<Option<Vec<f64>>, SearchError> {
        let normal = self.normal(side);
        let rows = within.iter().map(|&other| (self.normal(other), depths[other]));
        let rows = rows.chain([(normal, depths[side] + 1.0)]);
        match maximize(normal, rows, deadline) {
            LpOutcome::Optimal(step) => {
                Ok(Some(step).filter(|step| dot(normal, step) > depths[side] + TOUCHING))
            }
            LpOutcome::Unbounded | LpOutcome::Stuck => Err(stuck().into()),
            LpOutcome::OutOfTime => Err(SearchError::OutOfTime),
        }
    }

    /// The sides that a ray from the centre hits first, without those already known.
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
}
