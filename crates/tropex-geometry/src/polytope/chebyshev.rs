//! The largest ball in a polytope.

use std::time::Instant;

use super::Polytope;
use super::normal_products::NormalProducts;
use super::relaxation::{INSIDE, Relaxation};
use super::search::{SearchError, stuck};
use crate::Error;
use crate::lp::{LpOutcome, maximize};

/// A largest ball in a polytope.
#[derive(Clone, Debug, PartialEq)]
pub struct Ball {
    /// Its centre, a Chebyshev centre of the polytope, `[features]`.
    pub centre: Vec<f64>,
    /// Its radius, the inradius of the polytope.
    pub radius: f64,
}

/// The outcome of the search for a largest ball.
#[derive(Clone, Debug, PartialEq)]
pub enum LargestBall {
    /// A largest ball.
    Ball(Ball),
    /// The polytope contains balls of any size.
    Unbounded,
    /// The search did not end before its deadline.
    OutOfTime,
}

impl Polytope {
    /// A largest ball inside, by a linear program in all coordinates. `None` if the polytope
    /// contains balls of any size: if a direction leads away from all sides, or if the linear
    /// program has no bound.
    ///
    /// # Errors
    /// The linear program does not end.
    pub fn ball(&self) -> Result<Option<Ball>, Error> {
        match self.ball_until(None)? {
            LargestBall::Ball(ball) => Ok(Some(ball)),
            LargestBall::Unbounded => Ok(None),
            LargestBall::OutOfTime => Err(stuck()),
        }
    }

    /// Like [`Polytope::ball`], with a deadline.
    ///
    /// # Errors
    /// The linear program does not end.
    pub fn ball_until(&self, deadline: Option<Instant>) -> Result<LargestBall, Error> {
        let unit = self.unit();
        let search = || match self.leads_away(deadline)? {
            true => Ok(None),
            false => self.largest_ball(unit, f64::INFINITY, deadline),
        };
        match search() {
            Ok(Some((step, radius))) => {
                let centre = self.point.iter().zip(step).map(|(x, step)| x + unit * step).collect();
                Ok(LargestBall::Ball(Ball { centre, radius: unit * radius }))
            }
            Ok(None) => Ok(LargestBall::Unbounded),
            Err(SearchError::Interrupted) => Ok(LargestBall::OutOfTime),
            Err(SearchError::Failed(error)) => Err(error),
        }
    }

    /// Whether steps find a direction that leads away from all sides.
    fn leads_away(&self, deadline: Option<Instant>) -> Result<bool, SearchError> {
        // In a region of `fcn4` with 1,064 sides it took 408 steps.
        let steps = 2 * self.sides() + 16;
        let relaxation = Relaxation { aim: 1.0, deep: INSIDE, steps, beyond: None };
        let start = vec![0.0; self.sides()];
        Ok(relaxation.run(&mut NormalProducts::new(self), &start, deadline)?.is_some())
    }

    /// A largest ball among those with a radius of at most `limit`: the step from the point to its
    /// centre, and its radius, in units. `None` if there is no largest one.
    pub(super) fn largest_ball(
        &self,
        unit: f64,
        limit: f64,
        deadline: Option<Instant>,
    ) -> Result<Option<(Vec<f64>, f64)>, SearchError> {
        let features = self.features();
        let with_radius = self.rows().map(|(normal, _)| [normal, &[1.0]].concat());
        let mut rows: Vec<Vec<f64>> = with_radius.collect();
        let mut limits: Vec<f64> = self.distances.iter().map(|distance| distance / unit).collect();
        let radius: Vec<f64> = [vec![0.0; features], vec![1.0]].concat();
        if limit.is_finite() {
            rows.push(radius.clone());
            limits.push(limit);
        }
        match maximize(&radius, rows.iter().map(Vec::as_slice).zip(limits), deadline) {
            LpOutcome::Optimal(mut step) => {
                let radius = step.pop().unwrap_or_default();
                Ok(Some((step, radius)))
            }
            LpOutcome::Unbounded => Ok(None),
            LpOutcome::Stuck => Err(stuck().into()),
            LpOutcome::OutOfTime => Err(SearchError::Interrupted),
        }
    }
}
