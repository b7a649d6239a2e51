//! The published grid of positions along a ray.

use super::ray::Rays;
use crate::Error;

/// Number of positions of the grid, including the start.
pub const STEPS: usize = 100;

/// The position of a step: `10^e - 1e-5`, with exponents `e` evenly spaced from -5 to 4.
pub fn position(step: usize) -> f64 {
    10_f64.powf(9.0 * step as f64 / (STEPS - 1) as f64 - 5.0) - 1e-5
}

/// For every ray the first step of the grid, counted from 1, at which `observe` differs from
/// `start`.
///
/// # Shapes
/// - `observe`: from `[points, features]` to a value per point
pub(super) fn first_steps<T: PartialEq, E>(
    rays: &Rays,
    start: &[T],
    observe: impl Fn(&[f64]) -> Result<Vec<T>, E>,
) -> Result<Vec<Option<usize>>, Error>
where
    Error: From<E>,
{
    let mut steps = vec![None; rays.len()];
    for step in 1..STEPS {
        let open: Vec<usize> = (0..rays.len()).filter(|&ray| steps[ray].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let points: Vec<f64> = open.iter().flat_map(|&ray| rays.at(ray, position(step))).collect();
        for (ray, seen) in open.into_iter().zip(observe(&points)?) {
            steps[ray] = (seen != start[ray]).then_some(step);
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{RANGES, RandomPoints};

    #[test]
    fn the_grid_is_the_published_one() {
        assert_eq!(position(0), 0.0);
        assert!((position(11) - (1e-4 - 1e-5)).abs() < 1e-18);
        assert!((position(STEPS - 1) - (1e4 - 1e-5)).abs() < 1e-9);
        assert!((0..STEPS - 1).all(|step| position(step) < position(step + 1)));
    }

    #[test]
    fn a_step_is_the_first_that_differs_from_the_start() {
        let points = RandomPoints::new(3, 2, RANGES[0], 1);
        let rays = Rays::from(&points, 0..3, 1);
        // Positions are distances from the start of a ray.
        let far = |points: &[f64], limit: f64| {
            let length = |point: &[f64]| {
                let starts = rays.points().chunks(2);
                let squares = starts.map(|start| {
                    point.iter().zip(start).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
                });
                squares.fold(f64::INFINITY, f64::min).sqrt()
            };
            Ok::<_, Error>(points.chunks(2).map(|point| length(point) > limit).collect::<Vec<_>>())
        };
        let steps = first_steps(&rays, &[false; 3], |points| far(points, 5e3)).unwrap();
        let expected = (0..STEPS).find(|&step| position(step) > 5e3).unwrap();
        assert!(steps.iter().all(|step| step.is_some_and(|step| step.abs_diff(expected) <= 1)));
        let steps = first_steps(&rays, &[false; 3], |points| far(points, 1e9)).unwrap();
        assert_eq!(steps, [None; 3]);
    }
}
