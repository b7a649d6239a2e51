//! How many regions a window has, about, before they are found.

use std::collections::BTreeMap;

use super::plane::Plane;
use super::window::Window;
use crate::Error;
use crate::pattern::{Pattern, Patterns};
use tropex_extract::Network;

/// Points along each side of a window.
const STEPS: usize = 32;

/// Points at which [`expected_regions`] looks, for a window of four sides.
pub const EXPECTED_POINTS: usize = 4 * STEPS;

/// Number of regions to be expected in a window, from the units that change along its border.
///
/// A unit that changes at two places of the border changes along a line between them, and two such
/// lines whose ends alternate along the border cross each other: each line, and each crossing, makes
/// a region more. Lines that stay inside are not seen, nor those that are crossed twice between two
/// points; where many lines meet in one point, there are fewer regions.
///
/// # Errors
/// A plane through another space.
pub fn expected_regions(network: &Network, plane: &Plane, window: &Window) -> Result<usize, Error> {
    let patterns = Patterns::new(network);
    let points: Vec<f64> =
        border(window).into_iter().flat_map(|point| plane.point(point)).collect();
    let patterns = patterns.of(&points)?;
    let chords = chords(&patterns);
    Ok(1 + chords.len() + crossings(&chords, patterns.len()))
}

/// Points along the border, in order around the window.
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

/// For every line along which a unit changes, the two steps of the border in which it ends.
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
    // `ending[a][b]`: chords that begin in step `a` and end in step `b` or later.
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
        assert_eq!(crossings(&[[0, 4], [1, 3], [5, 7]], 8), 0); // beside each other
        assert_eq!(crossings(&[[0, 4], [0, 6], [2, 4]], 8), 0); // ends in one step do not tell
        // All pairs of chords through the middle.
        let through: Vec<_> = (0..10).map(|step| [step, step + 10]).collect();
        assert_eq!(crossings(&through, 20), 45);
    }
}
