//! Polytopes of random networks compared with rays and patterns, and polygons compared with brute
//! force.

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::geometry::{Facet, Inequality, Paths, Patterns, Polytope, Regions};
use tropex::{Network, Precision};

use super::boundary::{TOUCHING, first_points};
use super::degenerate::{network, times};
use super::{is_same, random};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};

/// Number of rays from every point, and of points near it.
const RAYS: usize = 6;

/// Largest number of inputs: linear programs with more inputs take too long for a test.
const FEATURES: usize = 16;

pub(super) fn polytope(network: &Network, point: &[f64]) -> Result<Polytope, String> {
    let regions = Regions::new(network).map_err(|error| error.to_string())?;
    regions.polytope(point).map_err(|error| error.to_string())
}

/// The position at which a ray from the point of a polytope leaves it.
fn exit(polytope: &Polytope, direction: &[f64]) -> f64 {
    let at = |side: Inequality<'_>| {
        let rate = dot(side.normal, direction);
        let left = side.limit - dot(side.normal, polytope.point());
        if rate > 0.0 { left / rate } else { f64::INFINITY }
    };
    polytope.inequalities().map(at).fold(f64::INFINITY, f64::min)
}

pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// The points of a case that are not on a boundary, each with its polytope.
pub(super) fn inner(
    case: &Case,
    measured: &mut Measured,
) -> Result<Vec<(Vec<f64>, Polytope)>, String> {
    let network = case.placed(Precision::F64)?;
    let mut inner = Vec::new();
    for point in first_points(case).chunks_exact(network.features()) {
        measured.compared += 1;
        let polytope = polytope(&network, point)?;
        if polytope.depth(point).map_err(|error| error.to_string())? < TOUCHING {
            measured.left_out += 1;
        } else {
            inner.push((point.to_vec(), polytope));
        }
    }
    Ok(inner)
}

pub(super) fn rays_leave_a_polytope_where_they_leave_the_region(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let paths = Paths::new(&case.placed(Precision::F64)?).map_err(|error| error.to_string())?;
    for (point, polytope) in inner(case, measured)? {
        let from = point.repeat(RAYS);
        let directions = random(case.plan.seed, from.len());
        let leave = paths.first_crossings(&from, &directions).map_err(|e| e.to_string())?;
        for (direction, crossing) in directions.chunks_exact(point.len()).zip(leave) {
            let (found, expected) =
                (exit(&polytope, direction), crossing.map_or(f64::INFINITY, |found| found.at));
            if found != expected {
                let error = (found - expected).abs() / expected.max(1.0);
                // A slope of rounding errors leads to a crossing that is very far away.
                let is_far = found.min(expected) > 1e9;
                measured.within("end of a ray", if is_far { 0.0 } else { error }, 1e-9)?;
            }
        }
    }
    Ok(())
}

pub(super) fn a_polytope_contains_the_points_with_its_pattern(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    let patterns = Patterns::new(&network);
    let pattern = |point: &[f64]| patterns.of(point).expect("a whole point").remove(0);
    for (point, polytope) in inner(case, measured)? {
        let own = pattern(&point);
        let steps = random(case.plan.seed + 1, RAYS * point.len());
        for (index, step) in steps.chunks_exact(point.len()).enumerate() {
            let scale = 0.3_f64.powi(index as i32);
            let near: Vec<f64> = point.iter().zip(step).map(|(x, step)| x + scale * step).collect();
            let depth = polytope.depth(&near).map_err(|error| error.to_string())?;
            let is_inside = polytope.contains(&near, 0.0).map_err(|error| error.to_string())?;
            let is_same = is_same(&network, &near, &own, &pattern(&near));
            if depth.abs() > TOUCHING && is_inside != is_same {
                return Err(format!("depth {depth:e}, equal patterns: {is_same}"));
            }
        }
    }
    Ok(())
}

pub(super) fn irredundant_sides_define_an_equal_polytope(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let few = case.plan.features() <= FEATURES;
    for (point, polytope) in inner(case, measured)?.into_iter().filter(|_| few) {
        let essential = polytope.irredundant().map_err(|error| error.to_string())?;
        let directions = random(case.plan.seed, RAYS * point.len());
        for direction in directions.chunks_exact(point.len()) {
            let (found, expected) = (exit(&essential, direction), exit(&polytope, direction));
            let error = if found == expected { 0.0 } else { (found - expected).abs() / expected };
            measured.within("end of a ray", error, 1e-6)?;
        }
        let again = essential.irredundant().map_err(|error| error.to_string())?;
        if again.sides() != essential.sides() {
            return Err(format!("{} sides, then {}", essential.sides(), again.sides()));
        }
    }
    Ok(())
}

/// The region of a random point between -0.5 and 0.5, for a random layer with twelve units and two
/// inputs, in a square.
pub(super) fn random_polygon(seed: u64) -> Polytope {
    scaled_polygon(seed, 1.0)
}

/// The random polygon, scaled by a factor.
fn scaled_polygon(seed: u64, factor: f64) -> Polytope {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let weights: Vec<f32> = (0..24).map(|_| random.random_range(-1.0..1.0)).collect();
    let offsets: Vec<f32> = (0..12).map(|_| random.random_range(-0.5..0.5)).collect();
    let offsets: Vec<f32> = offsets.iter().map(|offset| offset * factor as f32).collect();
    let network = network(move |x| {
        let data = TensorData::new(offsets.clone(), [1, 12]);
        let offsets = Tensor::from_data(data, &x.device());
        relu(times(x, &weights) + offsets)
    });
    let point: [f64; 2] = [random.random_range(-0.5..0.5), random.random_range(-0.5..0.5)];
    let point = point.map(|x| x * factor);
    polytope(&network, &point).unwrap().within(-factor, factor).unwrap()
}

/// The corners of a polygon, from all pairs of its sides.
fn corners(sides: &[Inequality<'_>]) -> Vec<([f64; 2], [usize; 2])> {
    let mut corners = Vec::new();
    for (i, a) in sides.iter().enumerate() {
        for (j, b) in sides[..i].iter().enumerate() {
            let determinant = a.normal[0] * b.normal[1] - a.normal[1] * b.normal[0];
            let x = (a.limit * b.normal[1] - a.normal[1] * b.limit) / determinant;
            let y = (a.normal[0] * b.limit - a.limit * b.normal[0]) / determinant;
            let inside = |side: &Inequality<'_>| dot(side.normal, &[x, y]) <= side.limit + 1e-12;
            if determinant.abs() > 1e-12 && sides.iter().all(inside) {
                corners.push(([x, y], [i, j]));
            }
        }
    }
    corners
}

#[test]
fn the_irredundant_sides_of_a_polygon_are_those_with_corners() {
    for seed in 0..40 {
        let polygon = random_polygon(seed);
        let sides: Vec<_> = polygon.inequalities().collect();
        let corners = corners(&sides);
        let has_corner = |side: usize| corners.iter().any(|(_, pair)| pair.contains(&side));
        let expected = (0..sides.len()).filter(|&side| has_corner(side));
        let expected: Vec<_> =
            expected.map(|side| (sides[side].facet, sides[side].limit)).collect();
        let essential = polygon.irredundant().unwrap();
        let found: Vec<_> = essential.inequalities().map(|side| (side.facet, side.limit)).collect();
        assert_eq!(found, expected, "seed {seed}");
        assert_eq!(corners.len(), found.len());
    }
}

#[test]
fn the_largest_circle_of_a_polygon_touches_its_sides_and_none_is_larger() {
    for seed in 0..40 {
        let polygon = random_polygon(seed);
        let ball = polygon.ball().unwrap().expect("polygons are bounded");
        let depth = polygon.depth(&ball.centre).unwrap();
        assert!((depth - ball.radius).abs() < 1e-12, "seed {seed}: {ball:?}, depth {depth}");
        let sides: Vec<_> = polygon.inequalities().collect();
        let touched = sides.iter().filter(|side| {
            (side.limit - dot(side.normal, &ball.centre) - ball.radius).abs() < 1e-9
        });
        assert!(touched.count() >= 2, "seed {seed}");
        // No point of a grid is the centre of a larger circle.
        let grid = (0..=100).flat_map(|x| (0..=100).map(move |y| [x, y]));
        let deepest = grid.map(|at| polygon.depth(&at.map(|k| f64::from(k) / 50.0 - 1.0)).unwrap());
        let deepest = deepest.fold(0.0, f64::max);
        assert!(deepest <= ball.radius + 1e-12 && deepest > ball.radius - 0.03, "seed {seed}");
    }
}

#[test]
fn unbounded_regions_and_invalid_points_are_reported() {
    let network = network(relu);
    let regions = Regions::new(&network).unwrap();
    let quadrant = regions.polytope(&[0.5, 0.25]).unwrap();
    assert_eq!((quadrant.sides(), quadrant.irredundant().unwrap().sides()), (2, 2));
    assert!(quadrant.ball().unwrap().is_none(), "balls have any size");
    let in_box = quadrant.clone().within(0.0, 1.0).unwrap();
    assert!((in_box.ball().unwrap().unwrap().radius - 0.5).abs() < 1e-12);
    // Two of the four sides of the box equal sides of the quadrant, which come first.
    let essential = in_box.irredundant().unwrap();
    let facets: Vec<_> = essential.inequalities().map(|side| side.facet.is_some()).collect();
    assert_eq!(facets, [true, true, false, false]);
    let outside = quadrant.clone().within(0.3, 1.0).unwrap_err().to_string();
    assert!(outside.contains("coordinate 1") && outside.contains("0.3 to 1"), "{outside}");
    let flat = quadrant.within(0.25, 0.5).unwrap().within(0.0, 0.25).unwrap_err().to_string();
    assert!(flat.contains("coordinate 0"), "{flat}");
    let two = regions.polytope(&[0.5, 0.25, 0.5, 0.25]).unwrap_err().to_string();
    assert!(two.contains("found 4, expected 2"), "{two}");
    let nowhere = regions.polytope(&[0.5, f64::NAN]).unwrap_err().to_string();
    assert!(nowhere.contains("a side of a region"), "{nowhere}");
}

/// Sides that are parallel up to rounding. The nearest one implies the others.
#[test]
fn of_parallel_sides_the_nearest_is_irredundant() {
    let layer = network(|x| {
        let [a, b] = [0.3125, 0.6875]; // their multiples are exact
        let copies = times(x, &[a, 3.0 * a, 7.0 * a, 1.0, b, 3.0 * b, 7.0 * b, 0.1]);
        let offsets = TensorData::new(vec![1.0_f32, 300.0, 7e3, 0.5], [1, 4]);
        let offsets = Tensor::from_data(offsets, &copies.device());
        relu(copies + offsets)
    });
    let essential = polytope(&layer, &[0.1, 0.2]).unwrap().irredundant().unwrap();
    let units: Vec<_> =
        essential.inequalities().filter_map(|side| Some(side.facet?.unit)).collect();
    assert_eq!(units, [0, 3]);
}

#[test]
fn a_region_without_interior_is_an_error() {
    // The units x and -x are both zero on the line x = 0.
    let network = network(|x| relu(times(x, &[1.0, -1.0, 0.0, 0.0])));
    let line = Regions::new(&network).unwrap().polytope(&[0.0, 0.3]).unwrap();
    let flat = line.irredundant().unwrap_err().to_string();
    assert!(flat.contains("no interior"), "{flat}");
}

#[test]
fn the_scale_of_inputs_does_not_change_facets() {
    for seed in 0..8 {
        let [polygon, essential] = parts(scaled_polygon(seed, 1.0));
        let facets = facets(&essential);
        for exponent in [-50, -30, 30, 50] {
            let factor = f64::powi(2.0, exponent);
            let [scaled, found] = parts(scaled_polygon(seed, factor));
            assert_eq!(self::facets(&found), facets, "seed {seed}, 2^{exponent}");
            let radius = |polygon: &Polytope| polygon.ball().unwrap().unwrap().radius;
            let (radius, expected) = (radius(&scaled) / factor, radius(&polygon));
            assert!((radius / expected - 1.0).abs() < 1e-9, "seed {seed}, 2^{exponent}");
        }
    }
}

/// A polygon, and the polygon of its irredundant sides.
fn parts(polygon: Polytope) -> [Polytope; 2] {
    let essential = polygon.irredundant().unwrap();
    [polygon, essential]
}

fn facets(polygon: &Polytope) -> Vec<Option<Facet>> {
    polygon.inequalities().map(|side| side.facet).collect()
}
