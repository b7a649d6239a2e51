//! A quick estimate of the number of regions in a window.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Instant;

use super::plane::{Plane, batch_of};
use super::window::Window;
use crate::{Error, Pattern, Patterns, PiecewiseNodes};
use tropex_extract::Network;
use tropex_kernels::Cancelled;

/// Points along each side of a window.
const STEPS: usize = 32;

/// Forward passes that take as long as the affine map of a region and its slopes modulo seven
/// primes; measured on a network with two convolutions and 47,168 units.
const PASSES: usize = 8;

/// Estimated number of regions in a window, and the time to find them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegionEstimate {
    /// Approximate number of regions of the network.
    pub regions: usize,
    /// Largest number of polygons.
    pub limit: usize,
    /// Approximate time to find the regions, in seconds.
    pub seconds: f64,
}

impl RegionEstimate {
    /// Estimates the work of a partition with at most `limit` polygons. `tick` is as for
    /// [`estimate_regions`].
    ///
    /// # Errors
    /// A plane through another space; [`Error::Cancelled`].
    pub fn of(
        network: &Network,
        plane: &Plane,
        window: &Window,
        limit: usize,
        tick: &dyn Fn() -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let regions = estimate_regions(network, plane, window, tick)?;
        let points = STEPS * window.corners().len();
        let of_point = start.elapsed().as_secs_f64() / points as f64;
        let nodes = PiecewiseNodes::of(network).nodes().count();
        // At every node with pieces, the corners of the regions so far pass through the nodes
        // before: once to find the units that change and once to cut. That is on average half of
        // the network, twice.
        let passes = nodes + PASSES;
        let seconds = of_point * (regions.min(limit) * passes) as f64;
        Ok(Self { regions, limit, seconds })
    }

    /// Whether the number of regions probably exceeds the limit.
    pub fn is_beyond_limit(&self) -> bool {
        self.regions > self.limit
    }
}

/// Estimates the number of regions in a window from the units that change along its border.
///
/// A unit that changes at two places of the border changes along a chord between them. Two chords
/// cross if their ends alternate along the border. The estimate is 1 plus the number of chords plus
/// the number of crossings. It misses chords that do not reach the border and chords between two
/// neighbouring points, and it counts too many regions where several chords meet in one point.
/// `tick` is called often and may cancel the work.
///
/// # Errors
/// A plane through another space; [`Error::Cancelled`].
pub fn estimate_regions(
    network: &Network,
    plane: &Plane,
    window: &Window,
    tick: &dyn Fn() -> ControlFlow<()>,
) -> Result<usize, Error> {
    let patterns = Patterns::new(network);
    let mut found = Vec::new();
    for points in border(window).chunks(batch_of(network)) {
        Cancelled::check(tick())?;
        let points: Vec<f64> = points.iter().flat_map(|&point| plane.point(point)).collect();
        found.extend(patterns.of(&points)?);
    }
    let chords = chords(&found);
    Ok(1 + chords.len() + crossings(&chords, found.len()))
}

/// Points along the border, counter-clockwise.
fn border(window: &Window) -> Vec<[f64; 2]> {
    let corners = window.corners();
    let following = corners.iter().cycle().skip(1);
    let sides = corners.iter().zip(following).flat_map(|(&from, &to)| {
        (0..STEPS).map(move |step| {
            let share = step as f64 / STEPS as f64;
            [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]))
        })
    });
    sides.collect()
}

/// The chords along which units change, each as the two steps of the border in which it ends.
fn chords(patterns: &[Pattern]) -> Vec<[usize; 2]> {
    let mut changes: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (step, from) in patterns.iter().enumerate() {
        let to = &patterns[(step + 1) % patterns.len()];
        for facet in from.facets_to(to) {
            changes.entry((facet.node, facet.unit)).or_default().push(step);
        }
    }
    let pairs = changes
        .into_values()
        .flat_map(|steps| steps.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect::<Vec<_>>());
    pairs.collect()
}

/// Pairs of chords whose ends alternate.
fn crossings(chords: &[[usize; 2]], steps: usize) -> usize {
    // `ending[a][b]` is the number of chords that begin in step `a` and end in step `b` or later.
    let mut ending = vec![vec![0_usize; steps + 1]; steps];
    chords.iter().for_each(|&[first, last]| ending[first][last] += 1);
    for row in &mut ending {
        (0..steps).rev().for_each(|last| row[last] += row[last + 1]);
    }
    let of = |&[first, last]: &[usize; 2]| -> usize {
        ending[first..last].iter().skip(1).map(|row| row[(last + 1).min(steps)]).sum()
    };
    chords.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_cross_where_their_ends_alternate() {
        assert_eq!(crossings(&[], 8), 0);
        assert_eq!(crossings(&[[0, 4], [2, 6]], 8), 1);
        assert_eq!(crossings(&[[0, 4], [1, 3], [5, 7]], 8), 0); // side by side
        assert_eq!(crossings(&[[0, 4], [0, 6], [2, 4]], 8), 0); // ends in one step
        // All pairs of chords through the middle cross.
        let through: Vec<_> = (0..10).map(|step| [step, step + 10]).collect();
        assert_eq!(crossings(&through, 20), 45);
    }
}
