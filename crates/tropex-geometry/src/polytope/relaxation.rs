//! The relaxation method for linear inequalities (Agmon 1954, Motzkin and Schoenberg 1954): steps
//! away from the nearest side until a point is inside.

use std::time::Instant;

use super::normal_products::NormalProducts;
use super::search::{SearchError, require_time};

/// Distances of a point from every side, in [units](super::Polytope::unit). They are negative
/// beyond a side.
pub(super) type Depths = Vec<f64>;

/// Depth above which a point is inside despite the rounding errors of its depths, in units.
pub(super) const INSIDE: f64 = 1e-4;

/// The points that the steps search for.
#[derive(Clone, Copy)]
pub(super) struct Relaxation {
    /// Depth that each step aims at, in units.
    pub(super) aim: f64,
    /// Depth at which the steps end, in units.
    pub(super) deep: f64,
    /// Largest number of steps.
    pub(super) steps: usize,
    /// The side that the point should be beyond, instead of inside.
    pub(super) beyond: Option<usize>,
}

impl Relaxation {
    /// Steps from the point with the depths `start`. Returns the depths of the deepest point found,
    /// or `None` if no point was inside all sides.
    pub(super) fn run(
        &self,
        products: &mut NormalProducts<'_>,
        start: &[f64],
        deadline: Option<Instant>,
    ) -> Result<Option<Depths>, SearchError> {
        let mut depths = start.to_vec();
        let (mut deepest, mut best) = (INSIDE, None);
        for _ in 0..self.steps {
            require_time(deadline)?;
            let Some((side, depth)) = self.nearest(&depths) else { return Ok(Some(depths)) };
            if depth > deepest {
                deepest = depth;
                best = Some(depths.clone());
            }
            if depth >= self.deep {
                break;
            }
            let step = self.sign(side) * (self.aim - depth);
            let moved = depths.iter_mut().zip(products.row(side));
            moved.for_each(|(depth, product)| *depth += step * product);
        }
        Ok(best)
    }

    /// The side with the smallest depth, and this depth. The depth of the side to be beyond counts
    /// with the opposite sign.
    fn nearest(&self, depths: &[f64]) -> Option<(usize, f64)> {
        let sides = depths.iter().enumerate().map(|(side, depth)| (side, self.sign(side) * depth));
        sides.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    fn sign(&self, side: usize) -> f64 {
        if self.beyond == Some(side) { -1.0 } else { 1.0 }
    }
}
