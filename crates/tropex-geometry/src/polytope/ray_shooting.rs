//! Points deep inside a polytope, and facets that rays from these points prove.

use std::time::Instant;

use super::search::{SearchError, TOUCHING, require_time};
use super::{Polytope, dot};

/// Distances of a point from every side, in [units](Polytope::unit).
pub(super) type Depths = Vec<f64>;

/// Depth that each step away from the nearest side aims at, in units.
const AIM: f64 = 1.0;

/// Depth at which the steps end: rays from there meet most of the facets. In units.
const DEEP: f64 = 0.5;

/// Depth above which a point is inside despite the rounding errors of its depths, in units.
const INSIDE: f64 = 1e-4;

/// Largest number of steps. A region of `fcn4` with 1,064 sides took 353.
fn max_steps(sides: usize) -> usize {
    sides / 2 + 16
}

/// Largest number of turns of a ray that meets another side first. In a region of `fcn4` with 1,064
/// sides rays with turns proved 1,026, and straight rays 928.
const MAX_TURNS: usize = 16;

/// Length below which the direction of a turned ray consists of rounding errors.
const MIN_DIRECTION: f64 = 1e-6;

/// The point at which a ray leaves a polytope.
struct RayExit {
    /// The side that it meets first.
    side: usize,
    /// Distance of the ray beyond this side when it meets the next side, in units, at most 1.
    beyond: f64,
    /// Distance of this point from the centre, in units.
    length: f64,
}

impl RayExit {
    /// Whether the ray is beyond the side by more than rounding errors. These grow with the length:
    /// a ray along two parallel sides meets one of them far away, by chance.
    fn is_proof(&self) -> bool {
        self.beyond > TOUCHING * self.length.max(1.0)
    }
}

impl Polytope {
    /// Depths of a point inside. Starts at the point of the polytope and steps away from the
    /// nearest side (relaxation method; Agmon 1954, Motzkin and Schoenberg 1954). `None` if no step
    /// leads inside.
    pub(super) fn centred(&self, deadline: Option<Instant>) -> Result<Option<Depths>, SearchError> {
        let unit = self.unit();
        let mut depths: Depths = self.distances.iter().map(|distance| distance / unit).collect();
        let (mut deepest, mut best) = (INSIDE, None);
        for _ in 0..max_steps(self.sides()) {
            require_time(deadline)?;
            let sides = depths.iter().copied().enumerate();
            let Some((side, depth)) = sides.min_by(|(_, a), (_, b)| a.total_cmp(b)) else {
                return Ok(Some(depths));
            };
            if depth > deepest {
                deepest = depth;
                best = Some(depths.clone());
            }
            if depth >= DEEP {
                break;
            }
            let (normal, step) = (self.normal(side), AIM - depth);
            let rows = self.rows().zip(&mut depths);
            rows.for_each(|((other, _), depth)| *depth += step * dot(other, normal));
        }
        Ok(best)
    }

    /// Adds the sides that rays prove to be facets. A ray that is beyond one side and within all
    /// others proves that the others do not imply this side.
    pub(super) fn prove_by_rays(
        &self,
        depths: &[f64],
        facets: &mut Vec<usize>,
        deadline: Option<Instant>,
        report: &mut dyn FnMut(usize, usize),
    ) -> Result<(), SearchError> {
        let mut is_proven = vec![false; self.sides()];
        for side in 0..self.sides() {
            let mut direction = self.normal(side).to_vec();
            for _ in 0..MAX_TURNS {
                if is_proven[side] {
                    break;
                }
                require_time(deadline)?;
                let Some(exit) = self.exit(&direction, depths) else { break };
                if exit.is_proof() && !is_proven[exit.side] {
                    is_proven[exit.side] = true;
                    facets.push(exit.side);
                    report(facets.len(), facets.len());
                }
                if exit.side == side || !turn_along(&mut direction, self.normal(exit.side)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The point at which a ray from the centre leaves the polytope. `None` if it never does.
    fn exit(&self, direction: &[f64], depths: &[f64]) -> Option<RayExit> {
        let (mut first, mut second, mut met) = (f64::INFINITY, f64::INFINITY, None);
        for (side, (normal, _)) in self.rows().enumerate() {
            let rate = dot(normal, direction);
            let at = if rate > 0.0 { depths[side] / rate } else { f64::INFINITY };
            if at < first {
                (second, first, met) = (first, at, Some((side, rate)));
            } else {
                second = second.min(at);
            }
        }
        let (side, rate) = met?;
        let beyond = (rate * (second - first)).min(1.0);
        let length = (first + beyond / rate) * dot(direction, direction).sqrt();
        Some(RayExit { side, beyond, length })
    }
}

/// Removes the component of a direction along a normal. Returns whether a direction is left.
fn turn_along(direction: &mut [f64], normal: &[f64]) -> bool {
    let rate = dot(direction, normal);
    direction.iter_mut().zip(normal).for_each(|(value, normal)| *value -= rate * normal);
    dot(direction, direction) > MIN_DIRECTION * MIN_DIRECTION
}
