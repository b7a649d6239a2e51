//! Halfspaces of regions compared with pushforwards, and distances compared with rays.

use std::collections::HashMap;

use tropex::Precision;
use tropex::geometry::{Facet, Paths, PiecewiseNodes, Regions};

use super::{placed, random, wide};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{largest, values};

/// Number of points of a case.
pub(super) const POINTS: usize = 3;

/// Number of rays from each point.
const RAYS: usize = 8;

/// Points nearer to a boundary than this are left out, because their rays may start on the other
/// side.
pub(super) const TOUCHING: f64 = 1e-9;

type Norm = fn(&[f64]) -> f64;

/// The first points of a case.
pub(super) fn first_points(case: &Case) -> Vec<f64> {
    wide(&case.points[..case.points.len().min(POINTS * case.plan.features())])
}

pub(super) fn halfspaces_equal_the_gaps_of_units(case: &Case, measured: &mut Measured) -> Verdict {
    let regions = Regions::new(&case.placed(Precision::F32)?).map_err(|e| e.to_string())?;
    let points = first_points(case);
    let directions = random(case.plan.seed, points.len());
    // The gap of every unit at every point, and its derivative along the direction of the point.
    let network = case.placed(Precision::F64)?;
    let nodes = PiecewiseNodes::of(&network);
    let mut gaps: HashMap<(usize, Facet), (f64, f64)> = HashMap::new();
    let mut scale = 1.0_f64;
    network.inspect(placed(&points, &network), placed(&directions, &network), |seen| {
        scale = scale.max(largest(&values(seen.output.values.clone())));
        scale = scale.max(largest(&values(seen.output.derivatives.clone())));
        let Some(rule) = nodes.at(seen.node) else { return };
        let inputs = values(seen.inputs[0].values.clone());
        let slopes = values(seen.inputs[0].derivatives.clone());
        let numbers = rule.numbers(seen.piece);
        let width = inputs.len() / (numbers.len() / rule.units());
        for (point, numbers) in numbers.chunks_exact(rule.units()).enumerate() {
            let of = |list: &[f64]| list[point * width..][..width].to_vec();
            let (inputs, slopes) = (of(&inputs), of(&slopes));
            rule.visit_gaps(numbers, |gap| {
                let both = (gap.of(&inputs), gap.of(&slopes));
                gaps.insert((point, Facet::new(seen.node, gap)), both);
            });
        }
    });
    let features = network.features();
    let mut verdict = Ok(());
    regions
        .clone()
        .with_rows(5)
        .visit_halfspaces(&points, |side| {
            measured.compared += 1;
            let at = |list: &[f64]| {
                let own = &list[side.point * features..][..features];
                side.normal.iter().zip(own).map(|(a, x)| a * x).sum::<f64>()
            };
            let found = gaps.remove(&(side.point, side.facet));
            let Some((gap, slope)) = found else {
                verdict = Err(format!("{:?} is not a facet, or is visited twice", side.facet));
                return;
            };
            let errors = [side.gap - gap, at(&points) + side.offset - gap, at(&directions) - slope];
            let within = measured.within("of a gap", largest(&errors) / scale, 1e-12);
            verdict = verdict.clone().and(within);
        })
        .map_err(|error| error.to_string())?;
    // The gaps without a halfspace are constant.
    let constant = largest(gaps.values().map(|(_, slope)| slope));
    verdict.and(measured.within("slope of a gap without a halfspace", constant / scale, 1e-12))
}

pub(super) fn no_ray_leaves_a_region_before_its_distance(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let regions = Regions::new(&network).map_err(|error| error.to_string())?;
    let paths = Paths::new(&network).map_err(|error| error.to_string())?;
    let points = first_points(case);
    let features = network.features();
    let found = regions.distances(&points).map_err(|error| error.to_string())?;
    for (index, (point, found)) in points.chunks_exact(features).zip(found).enumerate() {
        let from = point.repeat(RAYS);
        let directions = random(case.plan.seed + index as u64, from.len());
        let leave = paths.first_crossings(&from, &directions).map_err(|e| e.to_string())?;
        let norms: [(_, Norm); 3] = [
            (&found.l1, |v| v.iter().map(|x| x.abs()).sum()),
            (&found.l2, |v| v.iter().map(|x| x * x).sum::<f64>().sqrt()),
            (&found.linf, |v| largest(v)),
        ];
        for (nearest, norm) in norms {
            measured.compared += 1;
            let Some(nearest) = nearest else {
                if leave.iter().any(Option::is_some) {
                    return Err(format!("point {index} has no boundary, but a ray meets one"));
                }
                continue;
            };
            if nearest.distance < TOUCHING {
                measured.left_out += 1;
                continue;
            }
            let rays = directions.chunks_exact(features).zip(&leave);
            for (direction, crossing) in rays {
                let Some(crossing) = crossing else { continue };
                let nearer = 1.0 - crossing.at * norm(direction) / nearest.distance;
                measured.within("a ray's end is nearer", nearer, 1e-9)?;
            }
            let way: Vec<f64> = nearest.point.iter().zip(point).map(|(to, x)| to - x).collect();
            let length = (norm(&way) / nearest.distance - 1.0).abs();
            measured.within("length of the way", length, 1e-9)?;
            let there = paths.first_crossings(point, &way).map_err(|error| error.to_string())?;
            let Some(Some(crossing)) = there.first() else {
                return Err(format!("the way to {nearest:?} meets no boundary"));
            };
            measured.within("end of the way", (crossing.at - 1.0).abs(), 1e-9)?;
        }
    }
    Ok(())
}
