//! Facets that rays from a point deep inside a polytope prove.

use super::normal_products::NormalProducts;
use super::search::TOUCHING;

/// Largest number of turns of a ray that meets another side first. In a region of `fcn4` with 1,064
/// sides rays with turns proved 1,005 facets.
const MAX_TURNS: usize = 16;

/// Length below which the direction of a turned ray consists of rounding errors.
const MIN_DIRECTION: f64 = 1e-6;

/// A direction from the centre.
struct RayRates {
    /// Products of the direction with the normals of all sides.
    rates: Vec<f64>,
    /// The square of the length of the direction.
    square: f64,
}

/// The point at which a ray leaves a polytope.
struct RayExit {
    /// The side that it meets first.
    side: usize,
    /// Distance of the ray beyond this side when it meets the next side, in units, at most 1.
    beyond: f64,
    /// Distance of this point from the centre, in units.
    length: f64,
}

impl RayExit {
    /// Whether the ray is beyond the side by more than rounding errors. These grow with the length:
    /// a ray along two parallel sides meets one of them far away, by chance.
    fn is_proof(&self) -> bool {
        self.beyond > TOUCHING * self.length.max(1.0)
    }
}

/// The sides that a ray towards a side proves to be facets. A ray that is beyond one side and
/// within all others proves that the others do not imply this side. A ray that meets another side
/// first turns along it. `depths` are those of the centre.
pub(super) fn facets_on_ray(
    products: &mut NormalProducts<'_>,
    depths: &[f64],
    side: usize,
) -> Vec<usize> {
    let mut facets = Vec::new();
    let mut ray = RayRates { rates: products.row(side).to_vec(), square: 1.0 };
    for _ in 0..MAX_TURNS {
        let Some(exit) = ray.exit(depths) else { break };
        if exit.is_proof() {
            facets.push(exit.side);
        }
        if exit.side == side || !ray.turn_along(exit.side, products.row(exit.side)) {
            break;
        }
    }
    facets
}

impl RayRates {
    /// The point at which the ray leaves the polytope. `None` if it never does.
    fn exit(&self, depths: &[f64]) -> Option<RayExit> {
        let (mut first, mut second, mut met) = (f64::INFINITY, f64::INFINITY, None);
        for (side, (&rate, depth)) in self.rates.iter().zip(depths).enumerate() {
            let at = if rate > 0.0 { depth / rate } else { f64::INFINITY };
            if at < first {
                (second, first, met) = (first, at, Some((side, rate)));
            } else {
                second = second.min(at);
            }
        }
        let (side, rate) = met?;
        let beyond = (rate * (second - first)).min(1.0);
        let length = (first + beyond / rate) * self.square.sqrt();
        Some(RayExit { side, beyond, length })
    }

    /// Removes the component along the normal of a side. `row` has the products of this normal.
    /// Returns whether a direction is left.
    fn turn_along(&mut self, side: usize, row: &[f64]) -> bool {
        let rate = self.rates[side];
        self.rates.iter_mut().zip(row).for_each(|(value, product)| *value -= rate * product);
        self.square -= rate * rate;
        self.square > MIN_DIRECTION * MIN_DIRECTION
    }
}
