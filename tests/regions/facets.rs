//! Facets of regions compared with one linear program for every side, and searches that end early.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
use tropex::capture;
use tropex::geometry::{Inequality, LargestBall, Polytope};

use super::polytope::{dot, inner, polytope, random_polygon};
use super::random;
use crate::common::device;
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};

/// Largest numbers of inputs and of sides: every side takes a linear program.
const FEATURES: usize = 12;
const SIDES: usize = 80;

/// Largest distance beyond a side that rounding errors explain, in units.
const ROUNDING: f64 = 1e-7;

/// The largest distance, in units, by which a point that satisfies `others` can violate `side`. At
/// most 1. `None` if the solver fails.
fn excess(
    side: &Inequality<'_>,
    others: &[Inequality<'_>],
    from: &[f64],
    unit: f64,
) -> Option<f64> {
    const ANY: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let coordinates: Vec<_> =
        side.normal.iter().map(|&factor| problem.add_var(factor, ANY)).collect();
    let distance = |side: &Inequality<'_>| (side.limit - dot(side.normal, from)) / unit;
    let limits = others.iter().map(|other| (other.normal, distance(other)));
    for (normal, limit) in limits.chain([(side.normal, distance(side) + 1.0)]) {
        let row = coordinates.iter().copied().zip(normal.iter().copied());
        problem.add_constraint(row, ComparisonOp::Le, limit);
    }
    let Ok(SolveOutcome::Solution(best)) = problem.solve() else { return None };
    Some(best.objective() - distance(side))
}

pub(super) fn facets_are_a_least_set_of_sides_that_implies_the_others(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    if case.plan.features() > FEATURES {
        return Ok(());
    }
    for (point, polytope) in inner(case, measured)? {
        if polytope.sides() > SIDES {
            continue;
        }
        let essential = polytope.irredundant().map_err(|error| error.to_string())?;
        let facets: Vec<_> = essential.inequalities().collect();
        let distances = facets.iter().map(|side| side.limit - dot(side.normal, &point));
        let unit = distances.fold(f64::MIN_POSITIVE, f64::max);
        for side in polytope.inequalities() {
            let is_facet = facets.iter().any(|facet| facet.facet == side.facet);
            let is_other = |other: &&Inequality<'_>| other.facet != side.facet;
            let others: Vec<_> = facets.iter().filter(is_other).copied().collect();
            measured.compared += 1;
            let Some(excess) = excess(&side, &others, &point, unit) else {
                measured.left_out += 1;
                continue;
            };
            let wrong = if is_facet { -excess } else { excess };
            measured.within("beyond a side, or within a facet", wrong, ROUNDING)?;
        }
    }
    Ok(())
}

/// The region of a random point for a layer with more units than inputs. Its sides are facets.
fn large_polytope() -> Polytope {
    const FEATURES: usize = 100;
    const UNITS: usize = 300;
    let weights: Vec<f32> = random(1, FEATURES * UNITS).iter().map(|&x| x as f32).collect();
    let module: Linear = LinearConfig::new(2, 2).init(&device());
    let network = capture(&module, [FEATURES], |_: &Linear, points: Tensor<2>| {
        let weights = TensorData::new(weights.clone(), [FEATURES, UNITS]);
        let weights = Tensor::from_data(weights, &points.device());
        relu(points.matmul(weights))
    });
    polytope(&network.expect("is supported"), &random(2, FEATURES)).unwrap()
}

#[test]
fn facets_found_before_the_end_of_a_search_are_returned() {
    let polytope = large_polytope();
    let stop_at = |facets: usize| {
        let progress = move |_: usize, found: usize| {
            if found == facets { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        polytope.irredundant_until(None, &progress).unwrap()
    };
    let found = stop_at(60);
    assert!(!found.is_complete);
    assert_eq!((found.examined, found.polytope.sides()), (60, 60));
    let all = stop_at(usize::MAX);
    assert!(all.is_complete);
    assert_eq!(all.examined, polytope.sides());
    let facets = |polytope: &Polytope| -> Vec<_> {
        polytope.inequalities().map(|side| side.facet).collect()
    };
    let all = facets(&all.polytope);
    assert!(facets(&found.polytope).iter().all(|facet| all.contains(facet)));
}

#[test]
fn a_search_ends_at_its_deadline() {
    let polytope = large_polytope();
    let deadline = Instant::now() + Duration::from_millis(100);
    let wait = |_, _| {
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        ControlFlow::Continue(())
    };
    // The first report, if there is one, waits for the deadline. One ray may prove several facets.
    let found = polytope.irredundant_until(Some(deadline), &wait).unwrap();
    assert!(!found.is_complete);
    assert!(found.examined < polytope.sides() / 2, "{} sides", found.examined);
}

#[test]
fn without_time_no_side_is_examined() {
    let polygon = random_polygon(1);
    let now = Some(Instant::now());
    let go_on = |_, _| ControlFlow::Continue(());
    let nothing = polygon.irredundant_until(now, &go_on).unwrap();
    assert_eq!((nothing.examined, nothing.is_complete), (0, false));
    assert_eq!(polygon.ball_until(now).unwrap(), LargestBall::OutOfTime);
    let told = Cell::new(0);
    let tell = |examined, _| {
        told.set(examined);
        ControlFlow::Continue(())
    };
    let all = polygon.irredundant_until(None, &tell).unwrap();
    let sides = polygon.sides();
    assert_eq!((all.examined, told.get(), all.is_complete), (sides, sides, true));
}
