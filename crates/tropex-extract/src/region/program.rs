//! What linear programs tell about a polytope: its facets, and the largest ball in it.

use super::polytope::{Polytope, dot};
use super::solver::{Outcome, maximise};
use crate::Error;

/// Inequalities that hold within this distance count as fulfilled with equality.
const TOUCHING: f64 = 1e-9;

/// A largest ball in a polytope.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball {
    /// Its centre, the Chebyshev centre.
    pub centre: Vec<f64>,
    /// Its radius, the inradius.
    pub radius: f64,
}

impl Polytope {
    /// A largest ball inside, by a linear program in all coordinates; none where balls of any size are,
    /// as they may be in an unbounded region.
    ///
    /// # Errors
    /// A linear program that does not end.
    pub fn ball(&self) -> Result<Option<Ball>, Error> {
        self.ball_up_to(f64::INFINITY)
    }

    /// A largest ball inside of those that are not larger than a limit.
    fn ball_up_to(&self, limit: f64) -> Result<Option<Ball>, Error> {
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
                Ok(Some(Ball { centre, radius: radius[0] }))
            }
            Outcome::Unbounded => Ok(None),
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
        let Ball { centre, radius } = self.ball_up_to(1.0)?.ok_or_else(stuck)?;
        if radius <= TOUCHING {
            let reason = "the region has no interior: the point is on several boundaries at once";
            return Err(Error::Region(reason.into()));
        }
        let depths: Vec<f64> = self.depths(&centre).collect();
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
}

fn stuck() -> Error {
    Error::Region("a linear program about the region does not end: its sides are too alike".into())
}
