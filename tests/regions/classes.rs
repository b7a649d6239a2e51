//! Changes of the class along rays, compared with the logits of replays.

use tropex::Precision;
use tropex::geometry::{ClassChange, Paths};

use super::{placed, wide};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{largest, values};

/// Number of positions before the change, or before the end of the ray.
const GRID: usize = 48;

pub(super) fn the_class_changes_where_two_logits_are_equal_and_not_before(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let points = wide(&case.points);
    let features = network.features();
    let (from, to) = (&points[..points.len() - features], &points[features..]);
    let directions: Vec<f64> = from.iter().zip(to).map(|(from, to)| to - from).collect();
    let paths = Paths::new(&network).map_err(|error| error.to_string())?;
    let changes = paths.class_changes(from, &directions, 1.0).map_err(|e| e.to_string())?;
    let rays = from.chunks_exact(features).zip(directions.chunks_exact(features));
    for ((from, direction), change) in rays.zip(changes) {
        let end = change.map_or(1.0, |change| change.at);
        let positions = (0..=GRID).map(|k| end * k as f64 / GRID as f64);
        let line: Vec<f64> = positions
            .flat_map(|t| from.iter().zip(direction).map(move |(x, v)| x + t * v))
            .collect();
        let logits = values(network.replay(placed(&line, &network)).logits());
        let at: Vec<&[f64]> = logits.chunks_exact(network.classes()).collect();
        let start = first_largest(at[0]);
        // Up to the change no logit is above the logit of the first class.
        for logits in &at {
            measured.compared += 1;
            let above = largest_of(logits) - logits[start];
            measured.within("another class before", above / largest(*logits).max(1.0), 1e-10)?;
        }
        if let Some(ClassChange { from, to, .. }) = change {
            let last = at[GRID];
            let gap = (last[from] - last[to]).abs() / largest(last).max(1.0);
            measured.within("gap at the change", gap, 1e-10)?;
            if from != start || to == from {
                return Err(format!("class {start} at the start, {change:?}"));
            }
        }
    }
    Ok(())
}

fn first_largest(logits: &[f64]) -> usize {
    (0..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

fn largest_of(logits: &[f64]) -> f64 {
    logits.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
