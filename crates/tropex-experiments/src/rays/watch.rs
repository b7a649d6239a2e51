//! What changes along rays, and where: exactly, and on a grid.

use std::ops::ControlFlow;

use tropex_extract::{ComputeTarget, Network};
use tropex_geometry::{Paths, Patterns, PiecewiseNodes, RegionId, Regions};

use super::Rays;
use super::grid::first_steps;
use crate::Error;

/// The first change along a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Its exact position, which is its distance; infinite if there is none.
    pub at: f64,
    /// The first step of the grid that differs from the start, if one does.
    pub step: Option<usize>,
}

/// Products that it takes to look at a point, about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkStats {
    /// For [`RayWatch::nearest`]: every side of the point's region takes a row back through all nodes
    /// before.
    pub nearest: f64,
    /// For [`RayWatch::classes`], where the class changes late or never: the ray meets about half of
    /// the units, and each of them takes it through the network once more, with its direction.
    pub classes: f64,
}

/// Finds what changes along rays through the regions of a network. In f64, whatever the network's
/// own precision.
#[derive(Clone, Debug)]
pub struct RayWatch {
    network: Network,
    patterns: Patterns,
    paths: Paths,
    regions: Regions,
}

impl RayWatch {
    /// For the rays of a network.
    ///
    /// # Errors
    /// No f64 on the device, and no `flex` in this build.
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

    /// Where the first unit changes its piece. At 0 where a point is on a boundary and the ray leaves
    /// the region that the point counts to.
    ///
    /// Regions are convex: a ray that has left one does not come back, so that a grid shows the change
    /// in its own step, up to rounding.
    ///
    /// # Errors
    /// Points of another shape; numbers beyond f64.
    pub fn units(&self, rays: &Rays) -> Result<Vec<Change>, Error> {
        let start = self.patterns.ids(rays.points())?;
        let steps = first_steps(rays, &start, |points| self.patterns.ids(points))?;
        Ok(changes(self.crossings(rays, &start)?, steps))
    }

    /// Where rays leave the regions that they are in just beyond the start: as far as a unit first
    /// changes its piece, unless a ray begins on a boundary. Infinite if it stays for ever.
    ///
    /// # Errors
    /// As for [`RayWatch::units`].
    pub fn leaving(&self, rays: &Rays) -> Result<Vec<f64>, Error> {
        let crossings = self.paths.first_crossings(rays.points(), rays.directions())?;
        let at = crossings.iter().map(|crossing| crossing.as_ref().map(|crossing| crossing.at));
        Ok(at.map(|at| at.unwrap_or(f64::INFINITY)).collect())
    }

    /// Where the predicted class first changes: every region on the way is walked through. Classes
    /// may change and change back between two steps of a grid.
    ///
    /// # Errors
    /// As for [`RayWatch::units`].
    pub fn classes(&self, rays: &Rays) -> Result<Vec<Change>, Error> {
        let start = self.network.classify(rays.points())?;
        let steps = first_steps(rays, &start, |points| self.network.classify(points))?;
        let (points, directions) = (rays.points(), rays.directions());
        let exact = self.paths.class_changes(points, directions, f64::INFINITY)?;
        let exact = exact.iter().map(|change| change.map_or(f64::INFINITY, |change| change.at));
        Ok(changes(exact, steps))
    }

    /// How far the nearest boundary of all is from where the rays begin, in any direction; infinite
    /// where there is none.
    ///
    /// # Errors
    /// As for [`RayWatch::units`].
    pub fn nearest(&self, rays: &Rays) -> Result<Vec<f64>, Error> {
        let distances = self.regions.distances(rays.points())?;
        let nearest = distances.into_iter().map(|distances| distances.l2);
        Ok(nearest.map(|nearest| nearest.map_or(f64::INFINITY, |l2| l2.distance)).collect())
    }

    /// What it takes to look at a point.
    pub fn effort(&self) -> WorkStats {
        let boundaries = PiecewiseNodes::of(&self.network);
        let (mut before, mut nearest) = (0.0, 0.0);
        for (index, node) in self.network.nodes().iter().enumerate() {
            if let Some(choice) = boundaries.at(index) {
                nearest += (choice.units() * (choice.pieces() - 1)) as f64 * before;
            }
            before += node.multiplications() as f64;
        }
        WorkStats { nearest, classes: self.network.units() as f64 * before }
    }

    /// The positions at which rays have left the regions that they begin in.
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

fn changes(exact: impl IntoIterator<Item = f64>, steps: Vec<Option<usize>>) -> Vec<Change> {
    exact.into_iter().zip(steps).map(|(at, step)| Change { at, step }).collect()
}
