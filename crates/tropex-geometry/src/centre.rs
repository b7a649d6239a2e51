//! Points deep inside a polytope, and the facets that rays from there prove.

use std::time::Instant;

use super::polytope::{Polytope, dot};
use super::program::{End, TOUCHING};

/// Distances of a point from every side, in units of the polytope.
pub(super) type Depths = Vec<f64>;

/// Distance from all sides that steps away from the nearest one aim at, in units.
const AIM: f64 = 1.0;

/// A point that is farther than this from all sides is deep enough for rays that meet as many sides
/// as they can, in units.
const DEEP: f64 = 0.5;

/// A point that is farther than this from all sides is well inside, in units: rounding of its
/// depths is small beside them.
const INSIDE: f64 = 1e-4;

/// Most steps towards the aim for so many sides. A region of `fcn4` took 353 for its 1,064 sides.
fn most_steps(sides: usize) -> usize {
    sides / 2 + 16
}

/// Most turns of a ray that meets other sides than the one it is sent to. In a region of `fcn4`
/// rays with turns met 1,026 of 1,064 sides, and straight rays 928.
const TURNS: usize = 16;

/// A ray that is shorter than this after its turns has no direction but rounding.
const TURNED: f64 = 1e-6;

/// Where a ray meets a polytope.
struct Exit {
    /// The side that it meets first.
    side: usize,
    /// How far it is beyond that side when it meets the next one, in units, at most 1.
    beyond: f64,
    /// How far it is from the centre there, in units.
    length: f64,
}

impl Exit {
    /// Whether it is beyond the side by more than rounding explains, which grows with the length: a
    /// ray along two parallel sides meets the one or the other far away.
    fn is_proof(&self) -> bool {
        self.beyond > TOUCHING * self.length.max(1.0)
    }
}

impl Polytope {
    /// Depths of a point well inside, by steps from the polytope's own point away from the nearest
    /// side (the relaxation of Agmon and Motzkin, 1954). `None` if they do not lead there.
    pub(super) fn centred(&self, deadline: Option<Instant>) -> Result<Option<Depths>, End> {
        let unit = self.unit();
        let mut depths: Depths = self.distances.iter().map(|distance| distance / unit).collect();
        let (mut deepest, mut best) = (INSIDE, None);
        for _ in 0..most_steps(self.sides()) {
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

    /// Adds the sides that rays prove to be needed. A ray that is beyond one side and within all
    /// others shows that the others do not imply it.
    pub(super) fn prove_by_rays(
        &self,
        depths: &[f64],
        needed: &mut Vec<usize>,
        deadline: Option<Instant>,
        look: &mut dyn FnMut(usize, usize),
    ) -> Result<(), End> {
        let mut is_proven = vec![false; self.sides()];
        for side in 0..self.sides() {
            let mut direction = self.normal(side).to_vec();
            for _ in 0..TURNS {
                if is_proven[side] {
                    break;
                }
                require_time(deadline)?;
                let Some(exit) = self.exit(&direction, depths) else { break };
                if exit.is_proof() && !is_proven[exit.side] {
                    is_proven[exit.side] = true;
                    needed.push(exit.side);
                    look(needed.len(), needed.len());
                }
                if exit.side == side || !turn(&mut direction, self.normal(exit.side)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Where a ray from the centre leaves the polytope; `None` if it never does.
    fn exit(&self, direction: &[f64], depths: &[f64]) -> Option<Exit> {
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
        Some(Exit { side, beyond, length })
    }
}

/// Turns a direction along a side, if that leaves one.
fn turn(direction: &mut [f64], normal: &[f64]) -> bool {
    let rate = dot(direction, normal);
    direction.iter_mut().zip(normal).for_each(|(value, normal)| *value -= rate * normal);
    dot(direction, direction) > TURNED * TURNED
}

fn require_time(deadline: Option<Instant>) -> Result<(), End> {
    match deadline {
        Some(end) if Instant::now() >= end => Err(End::OutOfTime),
        _ => Ok(()),
    }
}
