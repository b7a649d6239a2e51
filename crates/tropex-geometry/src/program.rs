//! The facets of a polytope and the largest ball in it, by rays and linear programs.

use std::time::Instant;

use super::centre::Depths;
use super::polytope::{Polytope, dot};
use super::solver::{Outcome, maximise};
use crate::Error;

/// Inequalities that hold within this distance count as fulfilled with equality, in units of the
/// polytope's own size.
pub(super) const TOUCHING: f64 = 1e-9;

/// A largest ball in a polytope.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball {
    /// Its centre, the Chebyshev centre.
    pub centre: Vec<f64>,
    /// Its radius, the inradius.
    pub radius: f64,
}

/// What is known of the largest balls in a polytope.
#[derive(Clone, Debug, PartialEq)]
pub enum LargestBall {
    /// One of them.
    Ball(Ball),
    /// There are balls of any size.
    Unbounded,
    /// There was no time to find one.
    OutOfTime,
}

/// What is known of the facets of a polytope.
#[derive(Clone, Debug)]
pub struct Essential {
    /// The polytope by the sides that were found to be needed. If these are not all, sides may be among
    /// them that only touch it.
    pub polytope: Polytope,
    /// Sides of which it was decided whether they are needed.
    pub examined: usize,
    /// Whether the sides found are the facets, all of them and nothing else.
    pub is_complete: bool,
}

/// Why a search ends without a result.
pub(super) enum End {
    OutOfTime,
    Failed(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Polytope {
    /// A largest ball inside, by a linear program in all coordinates; none where balls of any size are,
    /// as they may be in an unbounded region.
    ///
    /// # Errors
    /// A linear program that does not end.
    pub fn ball(&self) -> Result<Option<Ball>, Error> {
        match self.ball_until(None)? {
            LargestBall::Ball(ball) => Ok(Some(ball)),
            LargestBall::Unbounded => Ok(None),
            LargestBall::OutOfTime => Err(stuck()),
        }
    }

    /// The same, if it is found until a deadline.
    ///
    /// # Errors
    /// A linear program that does not end.
    pub fn ball_until(&self, deadline: Option<Instant>) -> Result<LargestBall, Error> {
        let unit = self.unit();
        match self.largest_ball(unit, f64::INFINITY, deadline) {
            Ok(Some((step, radius))) => {
                let centre = self.point.iter().zip(step).map(|(x, step)| x + unit * step).collect();
                Ok(LargestBall::Ball(Ball { centre, radius: unit * radius }))
            }
            Ok(None) => Ok(LargestBall::Unbounded),
            Err(End::OutOfTime) => Ok(LargestBall::OutOfTime),
            Err(End::Failed(error)) => Err(error),
        }
    }

    /// The polytope by those inequalities alone that none of the others imply, in their order: its
    /// facets, which are where other regions begin. Of inequalities that say the same the first one
    /// stays. Takes a linear program for each side that no ray proves to be needed.
    ///
    /// # Errors
    /// A region without interior.
    pub fn essential(&self) -> Result<Self, Error> {
        Ok(self.essential_until(None, &|_, _| {})?.polytope)
    }

    /// The same as far as it is found until a deadline. `progress` is told of how many sides it is
    /// decided whether they are needed, and how many are.
    ///
    /// # Errors
    /// A region without interior.
    pub fn essential_until(
        &self,
        deadline: Option<Instant>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Essential, Error> {
        let mut needed = Vec::new();
        let mut examined = 0;
        let mut look = |side, needed: usize| {
            examined = side;
            progress(side, needed);
        };
        let is_complete = match self.find_needed(&mut needed, deadline, &mut look) {
            Ok(()) => true,
            Err(End::OutOfTime) => false,
            Err(End::Failed(error)) => return Err(error),
        };
        needed.sort_unstable();
        Ok(Essential { polytope: self.only(&needed), examined, is_complete })
    }

    fn find_needed(
        &self,
        needed: &mut Vec<usize>,
        deadline: Option<Instant>,
        look: &mut dyn FnMut(usize, usize),
    ) -> Result<(), End> {
        let depths = self.depths_inside(deadline)?;
        self.prove_by_rays(&depths, needed, deadline, look)?;
        let proven = needed.clone();
        for side in 0..self.sides() {
            let ahead = proven.iter().filter(|&&proven| proven >= side).count();
            look(side + ahead, needed.len());
            // Every ray that gets past the sides found so far finds a new one.
            while !needed.contains(&side) {
                let Some(beyond) = self.beyond(side, needed, &depths, deadline)? else { break };
                let hit = self.first_hit(&beyond, &depths, needed);
                needed.extend(if hit.is_empty() { vec![side] } else { hit });
            }
        }
        needed.sort_unstable();
        // A ray through a corner hits sides that only touch the polytope.
        for side in needed.clone().into_iter().rev().filter(|side| !proven.contains(side)) {
            let others: Vec<usize> =
                needed.iter().copied().filter(|other| *other != side).collect();
            if self.beyond(side, &others, &depths, deadline)?.is_none() {
                *needed = others;
            }
            look(self.sides(), needed.len());
        }
        look(self.sides(), needed.len());
        Ok(())
    }

    /// How far a point inside is from every side. It takes the linear program of a largest ball where
    /// steps away from the nearest side do not lead well inside.
    fn depths_inside(&self, deadline: Option<Instant>) -> Result<Depths, End> {
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

    /// The power of two that distances are measured in: about the median distance of the sides from the
    /// point. Tolerances are those of numbers about 1.
    pub(super) fn unit(&self) -> f64 {
        let mut distances: Vec<f64> =
            self.distances.iter().copied().filter(|distance| *distance > 0.0).collect();
        if distances.is_empty() {
            return 1.0;
        }
        let middle = distances.len() / 2;
        let (_, median, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
        median.log2().floor().clamp(-1000.0, 1000.0).exp2()
    }

    /// The step from the point to the centre of a largest ball inside, of those that are not larger than
    /// a limit, and its radius; all in units.
    fn largest_ball(
        &self,
        unit: f64,
        limit: f64,
        deadline: Option<Instant>,
    ) -> Result<Option<(Vec<f64>, f64)>, End> {
        let features = self.features();
        let with_radius = self.rows().map(|(normal, _)| [normal, &[1.0]].concat());
        let mut rows: Vec<Vec<f64>> = with_radius.collect();
        let mut limits: Vec<f64> = self.distances.iter().map(|distance| distance / unit).collect();
        let radius: Vec<f64> = [vec![0.0; features], vec![1.0]].concat();
        if limit.is_finite() {
            rows.push(radius.clone());
            limits.push(limit);
        }
        match maximise(&radius, rows.iter().map(Vec::as_slice).zip(limits), deadline) {
            Outcome::Best(mut step) => {
                let radius = step.pop().unwrap_or_default();
                Ok(Some((step, radius)))
            }
            Outcome::Unbounded => Ok(None),
            Outcome::Stuck => Err(stuck().into()),
            Outcome::OutOfTime => Err(End::OutOfTime),
        }
    }

    /// A step from the centre that stays within some sides and yet leaves another one behind, if there
    /// is one. `depths` is how far the centre is from every side, in units.
    fn beyond(
        &self,
        side: usize,
        within: &[usize],
        depths: &[f64],
        deadline: Option<Instant>,
    ) -> Result<Option<Vec<f64>>, End> {
        let normal = self.normal(side);
        let rows = within.iter().map(|&other| (self.normal(other), depths[other]));
        let rows = rows.chain([(normal, depths[side] + 1.0)]);
        match maximise(normal, rows, deadline) {
            Outcome::Best(step) => {
                Ok(Some(step).filter(|step| dot(normal, step) > depths[side] + TOUCHING))
            }
            Outcome::Unbounded | Outcome::Stuck => Err(stuck().into()),
            Outcome::OutOfTime => Err(End::OutOfTime),
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
