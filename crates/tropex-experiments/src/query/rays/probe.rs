//! Finds the first changes along rays, exactly and on the grid.

use std::ops::ControlFlow;

use tropex_extract::{ComputeTarget, Network};
use tropex_geometry::{Paths, Patterns, PiecewiseNodes, RegionId, Regions};

use super::change::FirstChange;
use super::grid::first_steps;
use super::ray::Rays;
use crate::Error;

/// Approximate number of multiplications per point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayCost {
    /// Cost of [`RayProbe::nearest`]: for every side of the region, a pullback through all nodes
    /// before the node of the side.
    pub nearest: f64,
    /// Cost of [`RayProbe::classes`] if the class changes late or never: the ray crosses the
    /// boundaries of about half of the units, and each crossing takes a forward pass of point and
    /// direction.
    pub classes: f64,
}

/// Finds changes along rays through the regions of a network. Computes in f64, for networks of any
/// precision.
#[derive(Clone, Debug)]
pub struct RayProbe {
    network: Network,
    patterns: Patterns,
    paths: Paths,
    regions: Regions,
}

impl RayProbe {
    /// A probe of a network.
    ///
    /// # Errors
    /// A device without f64, in a build without `flex`.
    pub fn new(network: &Network) -> Result<Self, Error> {
        let target = ComputeTarget::in_f64(network.target().device())?;
        let network = network.to_target(&target);
        Ok(Self {
            patterns: Patterns::new(&network),
            paths: Paths::new(&network)?,
            regions: Regions::new(&network)?,
            network,
        })
    }

    /// The first change of the piece of a unit. It is at 0 if the point lies on a boundary and the
    /// ray leaves the region that the point belongs to.
    ///
    /// Regions are convex, so a ray does not return to a region that it has left, and the grid
    /// shows the change in its step, up to rounding.
    ///
    /// # Errors
    /// Points of another shape; numbers beyond the range of f64.
    pub fn units(&self, rays: &Rays) -> Result<Vec<FirstChange>, Error> {
        let start = self.patterns.ids(rays.points())?;
        let steps = first_steps(rays, &start, |points| self.patterns.ids(points))?;
        Ok(changes(self.crossings(rays, &start)?, steps))
    }

    /// Distances at which rays leave the regions that they are in just after their start. They
    /// equal the first changes of units unless a ray starts on a boundary. Infinite if a ray stays
    /// in its region.
    ///
    /// # Errors
    /// Those of [`RayProbe::units`].
    pub fn leaving(&self, rays: &Rays) -> Result<Vec<f64>, Error> {
        let crossings = self.paths.first_crossings(rays.points(), rays.directions())?;
        let at = crossings.iter().map(|crossing| crossing.as_ref().map(|crossing| crossing.at));
        Ok(at.map(|at| at.unwrap_or(f64::INFINITY)).collect())
    }

    /// The first change of the predicted class, found by a walk through all regions along the ray.
    /// A class may change and change back between two steps of the grid.
    ///
    /// # Errors
    /// Those of [`RayProbe::units`].
    pub fn classes(&self, rays: &Rays) -> Result<Vec<FirstChange>, Error> {
        let start = self.network.classify(rays.points())?;
        let steps = first_steps(rays, &start, |points| self.network.classify(points))?;
        let (points, directions) = (rays.points(), rays.directions());
        let exact = self.paths.class_changes(points, directions, f64::INFINITY)?;
        let exact = exact.iter().map(|change| change.map_or(f64::INFINITY, |change| change.at));
        Ok(changes(exact, steps))
    }

    /// Distances from the start points to the nearest boundary in any direction; infinite without
    /// boundaries.
    ///
    /// # Errors
    /// Those of [`RayProbe::units`].
    pub fn nearest(&self, rays: &Rays) -> Result<Vec<f64>, Error> {
        let distances = self.regions.distances(rays.points())?;
        let nearest = distances.into_iter().map(|distances| distances.l2);
        Ok(nearest.map(|nearest| nearest.map_or(f64::INFINITY, |l2| l2.distance)).collect())
    }

    /// Approximate cost per point.
    pub fn cost(&self) -> RayCost {
        let boundaries = PiecewiseNodes::of(&self.network);
        let (mut before, mut nearest) = (0.0, 0.0);
        for (index, node) in self.network.nodes().iter().enumerate() {
            if let Some(choice) = boundaries.at(index) {
                nearest += (choice.units() * (choice.pieces() - 1)) as f64 * before;
            }
            before += node.multiplications() as f64;
        }
        RayCost { nearest, classes: self.network.units() as f64 * before }
    }

    /// Positions at which rays leave the regions that their start points belong to.
    fn crossings(&self, rays: &Rays, start: &[RegionId]) -> Result<Vec<f64>, Error> {
        let mut at = vec![f64::INFINITY; rays.len()];
        let (points, directions) = (rays.points(), rays.directions());
        self.paths.visit(points, directions, f64::INFINITY, |ray, stretch| {
            if stretch.pattern().id() == start[ray] {
                return ControlFlow::Continue(());
            }
            at[ray] = stretch.from;
            ControlFlow::Break(())
        })?;
        Ok(at)
    }
}

fn changes(exact: impl IntoIterator<Item = f64>, steps: Vec<Option<usize>>) -> Vec<FirstChange> {
    exact.into_iter().zip(steps).map(|(at, step)| FirstChange { at, step }).collect()
}
