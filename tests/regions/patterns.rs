//! Patterns of random networks, compared with plain lists of the pieces of all units.

use std::collections::HashSet;

use tropex::geometry::{Pattern, Patterns, PiecewiseNodes, RegionCount, StableUnits};
use tropex::{Network, Precision};

use super::{placed, wide};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};

/// For every point, the pieces of all units, node by node.
type Listed = Vec<Vec<(usize, Vec<u32>)>>;

fn listed(network: &Network, points: &[f64]) -> Listed {
    let nodes = PiecewiseNodes::of(network);
    let trace = network.replay(placed(points, network));
    let point = |point: usize| {
        let nodes = nodes.nodes().map(|(node, rule)| {
            let all = rule.numbers(trace.piece(node));
            (node, all[point * rule.units()..][..rule.units()].to_vec())
        });
        nodes.collect()
    };
    (0..trace.points()).map(point).collect()
}

pub(super) fn patterns_equal_plain_lists_of_pieces(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let points = wide(&case.points);
    let listed = listed(&network, &points);
    let reader = Patterns::new(&network);
    let patterns = reader.of(&points).map_err(|error| error.to_string())?;
    for (pattern, listed) in patterns.iter().zip(&listed) {
        for (node, pieces) in listed {
            measured.compared += 1;
            for (unit, piece) in pieces.iter().enumerate() {
                if pattern.piece(*node, unit) != Some(*piece) {
                    return Err(format!("node {node} unit {unit} has piece {piece}"));
                }
            }
        }
    }
    for (one, first) in listed.iter().zip(&patterns) {
        for (other, second) in listed.iter().zip(&patterns) {
            compare(first, second, one, other)?;
        }
    }
    check_statistics(&reader, &patterns, &listed)
}

type Point = Vec<(usize, Vec<u32>)>;

/// Checks distance, agreement, equality and facets of two patterns.
fn compare(first: &Pattern, second: &Pattern, one: &Point, other: &Point) -> Verdict {
    let mut changed = Vec::new();
    for ((node, left), (_, right)) in one.iter().zip(other) {
        let different = (0..left.len()).filter(|&unit| left[unit] != right[unit]);
        changed.extend(different.map(|unit| (*node, unit, right[unit])));
    }
    let facets = first.facets_to(second);
    let found: Vec<_> = facets.iter().map(|facet| (facet.node, facet.unit, facet.rival)).collect();
    let unequal: usize = first.agreement(second).iter().map(|node| node.units - node.equal).sum();
    let same = changed.is_empty();
    let agree = found == changed
        && first.distance(second) == changed.len()
        && unequal == changed.len()
        && (first == second) == same
        && (first.id() == second.id()) == same
        && first.across(&facets) == *second;
    if agree { Ok(()) } else { Err(format!("{first:?} and {second:?} differ in {changed:?}")) }
}

/// Checks the number of regions and the stable units.
fn check_statistics(reader: &Patterns, patterns: &[Pattern], listed: &Listed) -> Verdict {
    let mut count = RegionCount::default();
    let mut stable = StableUnits::new(reader);
    for pattern in patterns {
        count.add(pattern.id());
        stable.add(pattern);
    }
    let distinct: HashSet<&Point> = listed.iter().collect();
    if (count.regions(), count.points()) != (distinct.len(), listed.len() as u64) {
        return Err(format!("{count:?}, {} distinct", distinct.len()));
    }
    for found in stable.by_node() {
        let of = |point: &Point| point.iter().find(|(node, _)| *node == found.node).cloned();
        let pieces: Vec<Vec<u32>> =
            listed.iter().filter_map(of).map(|(_, pieces)| pieces).collect();
        let is_stable = |unit: &usize| pieces.iter().all(|p| p[*unit] == pieces[0][*unit]);
        let expected = (0..pieces[0].len()).filter(is_stable).map(|unit| (unit, pieces[0][unit]));
        let mut expected: Vec<_> = expected.collect();
        // Units with one piece are always stable, and the list does not contain them.
        let bending = pieces[0].len() - found.units;
        expected.retain(|pair| bending == 0 || found.stable.contains(pair));
        if found.stable != expected {
            return Err(format!("{found:?}, expected {expected:?}"));
        }
    }
    Ok(())
}

pub(super) fn the_batch_size_does_not_change_patterns(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let reader = Patterns::new(&case.placed(Precision::F64)?);
    let whole = reader.ids(&case.points).map_err(|error| error.to_string())?;
    for batch in [1, 2, 7] {
        let found = reader.clone().with_batch(batch).ids(&case.points);
        for (point, (found, whole)) in
            found.map_err(|e| e.to_string())?.iter().zip(&whole).enumerate()
        {
            measured.compared += 1;
            if !case.is_clear(point, Precision::F64) {
                measured.left_out += 1;
            } else if found != whole {
                return Err(format!("point {point} in batches of {batch}"));
            }
        }
    }
    Ok(())
}
