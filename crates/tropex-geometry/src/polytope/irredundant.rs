//! The facets of a polytope: the inequalities that the others do not imply.

use std::time::Instant;

use super::ray_shooting::Depths;
use super::search::{SearchError, TOUCHING, stuck};
use super::{Polytope, dot, length};
use crate::Error;
use crate::simplex::{Dictionary, Interruption, Minimum};

/// How far a point may be beyond a side because of rounding errors, in units, at a distance of 1
/// from the centre.
const ROUNDING: f64 = TOUCHING / 4.0;

/// The outcome of the removal of redundant inequalities.
#[derive(Clone, Debug)]
pub struct RedundancyRemoval {
    /// The polytope with the facets found so far.
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
    /// Rays from a point deep inside prove most facets. Linear programs decide the other sides. Each
    /// answer is checked against the inequalities: a point that is beyond one side and within all
    /// others, or multipliers of other sides whose sum implies the side.
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
        let mut undecided: Vec<usize> =
            (0..self.sides()).filter(|side| !facets.contains(side)).collect();
        if undecided.is_empty() {
            return Ok(());
        }
        let mut search = SideSearch::new(self, &depths, deadline)?;
        // From the last, so that of equal sides the first one stays.
        while let Some(side) = undecided.pop() {
            if search.is_facet(side)? {
                facets.push(side);
            }
            report(self.sides() - undecided.len(), facets.len());
        }
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
}

/// The search for sides that others imply, by linear programs from one vertex to the next.
struct SideSearch<'a> {
    polytope: &'a Polytope,
    /// Distances of the centre from all sides, in units.
    depths: &'a [f64],
    dictionary: Dictionary,
    /// Sides that others imply.
    implied: Vec<usize>,
    deadline: Option<Instant>,
}

impl<'a> SideSearch<'a> {
    fn new(
        polytope: &'a Polytope,
        depths: &'a [f64],
        deadline: Option<Instant>,
    ) -> Result<Self, Interruption> {
        let (rows, features) = (polytope.normals.clone(), polytope.features());
        let dictionary = Dictionary::new(rows, depths.to_vec(), features);
        let mut search = Self { polytope, depths, dictionary, implied: Vec::new(), deadline };
        search.dictionary.go_to_vertex(deadline)?;
        Ok(search)
    }

    /// Whether the other sides that are left do not imply a side. A side that they imply is
    /// removed.
    fn is_facet(&mut self, side: usize) -> Result<bool, SearchError> {
        let answer = match self.certain_answer(side)? {
            Some(answer) => answer,
            None => {
                // Rounding errors have grown from pivot to pivot.
                self.start_again()?;
                self.certain_answer(side)?.ok_or_else(stuck)?
            }
        };
        if !answer {
            self.dictionary.remove_slack(side);
            self.implied.push(side);
        }
        Ok(answer)
    }

    /// Whether a side is a facet. `None` if the answer does not hold for the inequalities.
    fn certain_answer(&mut self, side: usize) -> Result<Option<bool>, Interruption> {
        let is_certain = match self.dictionary.minimize_slack(side, -TOUCHING, self.deadline)? {
            Minimum::Below(point) => self.is_beyond_only(side, &point).then_some(true),
            Minimum::Reached(_) => self.is_implied(side).then_some(false),
        };
        Ok(is_certain)
    }

    fn start_again(&mut self) -> Result<(), Interruption> {
        let implied = std::mem::take(&mut self.implied);
        *self = Self::new(self.polytope, self.depths, self.deadline)?;
        implied.iter().for_each(|side| self.dictionary.remove_slack(*side));
        self.implied = implied;
        Ok(())
    }

    /// Whether a step from the centre leads beyond a side and stays within all others that are
    /// left.
    fn is_beyond_only(&self, side: usize, step: &[f64]) -> bool {
        let rounding = ROUNDING * length(step).max(1.0);
        let slack = |side: usize| self.depths[side] - dot(self.polytope.normal(side), step);
        let mut others = (0..self.polytope.sides()).filter(|other| *other != side);
        slack(side) < -TOUCHING / 2.0
            && others.all(|other| slack(other) >= -rounding || self.implied.contains(&other))
    }

    /// Whether the dictionary has multipliers of other sides whose sum implies a side.
    fn is_implied(&self, side: usize) -> bool {
        let mut rest = self.polytope.normal(side).to_vec();
        let mut limit = self.depths[side];
        let multipliers = self.dictionary.multipliers(side);
        for (other, multiplier) in multipliers.into_iter().filter(|(_, factor)| *factor > 0.0) {
            let normal = self.polytope.normal(other).iter();
            rest.iter_mut().zip(normal).for_each(|(rest, normal)| *rest -= multiplier * normal);
            limit -= multiplier * self.depths[other];
        }
        // The dictionary takes multipliers up to `TOUCHING` for zero.
        length(&rest) <= TOUCHING * self.polytope.features() as f64 && limit >= -2.0 * TOUCHING
    }
}
