//! Rays from points in random directions.

use std::f64::consts::TAU;
use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tropex_extract::PointSource;

/// Rays from points. Directions have length one and are uniform on the sphere.
#[derive(Clone, Debug)]
pub struct Rays {
    features: usize,
    points: Vec<f64>,
    directions: Vec<f64>,
}

impl Rays {
    /// Rays from some of the points of a source. The directions depend on the seed only, not on the
    /// points.
    pub fn from(source: &dyn PointSource, range: Range<usize>, seed: u64) -> Self {
        let features = source.features();
        Self {
            features,
            directions: range.clone().flat_map(|ray| direction(features, seed, ray)).collect(),
            points: source.read(range).into_iter().map(f64::from).collect(),
        }
    }

    /// Number of rays.
    pub fn len(&self) -> usize {
        self.points.len() / self.features
    }

    /// Whether there are no rays.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Start points.
    ///
    /// # Shapes
    /// - returns `[rays, features]`
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// Directions.
    ///
    /// # Shapes
    /// - returns `[rays, features]`
    pub fn directions(&self) -> &[f64] {
        &self.directions
    }

    /// The point of a ray at a distance from its start.
    pub fn at(&self, ray: usize, position: f64) -> impl Iterator<Item = f64> {
        let values = ray * self.features..(ray + 1) * self.features;
        let pairs = self.points[values.clone()].iter().zip(&self.directions[values]);
        pairs.map(move |(point, direction)| point + position * direction)
    }
}

/// Independent normal values (Box and Muller), scaled to length one.
fn direction(features: usize, seed: u64, ray: usize) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Streams counted from the end; random points use those from the start.
    random.set_stream(u64::MAX - ray as u64);
    let mut normal = || {
        let [radius, angle]: [f64; 2] = random.random();
        (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
    };
    let values: Vec<f64> = (0..features).map(|_| normal()).collect();
    let length = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    values.into_iter().map(|value| value / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{RANGES, RandomPoints};

    #[test]
    fn directions_have_length_one_and_any_sign() {
        let points = RandomPoints::new(300, 40, RANGES[1], 5);
        let rays = Rays::from(&points, 0..300, 5);
        for (ray, direction) in rays.directions().chunks(40).enumerate() {
            let squares: f64 = direction.iter().map(|value| value * value).sum();
            assert!((squares - 1.0).abs() < 1e-12, "ray {ray}");
        }
        // Independent values of variance 1 / 40: means over rays and values stay near zero.
        let mean = |power: i32| {
            rays.directions().iter().map(|value| value.powi(power)).sum::<f64>() / 12_000.0
        };
        assert!(mean(1).abs() < 0.01 && mean(3).abs() < 0.001, "{} {}", mean(1), mean(3));
        assert!((mean(4) * 1600.0 - 3.0 * 40.0 / 42.0).abs() < 0.2, "{}", mean(4));
    }

    #[test]
    fn rays_do_not_depend_on_the_range_that_is_read() {
        let points = RandomPoints::new(5, 3, RANGES[0], 7);
        let (all, some) = (Rays::from(&points, 0..5, 7), Rays::from(&points, 2..4, 7));
        assert_eq!(some.points(), &all.points()[6..12]);
        assert_eq!(some.directions(), &all.directions()[6..12]);
        assert_ne!(Rays::from(&points, 0..5, 8).directions(), all.directions());
        assert_eq!(all.at(3, 0.0).collect::<Vec<_>>(), &all.points()[9..12]);
        let moved: Vec<f64> = all.at(3, 2.0).collect();
        for (index, value) in moved.iter().enumerate() {
            assert_eq!(*value, all.points()[9 + index] + 2.0 * all.directions()[9 + index]);
        }
    }
}
