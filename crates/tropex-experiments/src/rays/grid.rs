//! Changes looked for step by step, as published.

use super::{Change, Rays};
use crate::Error;

/// Positions of the grid, the start among them.
pub const STEPS: usize = 100;

/// The position of a step: `10^e - 1e-5`, with exponents at equal distances from -5 to 4.
pub fn position(step: usize) -> f64 {
    10_f64.powf(9.0 * step as f64 / (STEPS - 1) as f64 - 5.0) - 1e-5
}

/// What a grid shows of the first change along a ray.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// The change, in the step that it is in.
    Within,
    /// A change in a later step: before it, what had changed was again as at the start.
    Late,
    /// A change before there is one. Only rounding can do that.
    Early,
    /// None, though there is one within the grid.
    Missed,
    /// None, for it is beyond the grid.
    Beyond,
    /// None, for there is none.
    Never,
}

impl Change {
    /// What the grid shows of the change.
    pub fn sight(&self) -> Sight {
        match self.step {
            Some(step) if self.at > position(step) => Sight::Early,
            Some(step) if self.at < position(step - 1) => Sight::Late,
            Some(_) => Sight::Within,
            None if self.at <= position(STEPS - 1) => Sight::Missed,
            None if self.at.is_finite() => Sight::Beyond,
            None => Sight::Never,
        }
    }

    /// Where the grid shows a change; infinite if it shows none.
    pub fn on_grid(&self) -> f64 {
        self.step.map_or(f64::INFINITY, position)
    }
}

/// The first step of the grid, from 1 on, at which every ray looks otherwise than at its start.
/// `look` says what is seen at points, row by row.
pub(super) fn first_steps<T: PartialEq, E>(
    rays: &Rays,
    start: &[T],
    look: impl Fn(&[f64]) -> Result<Vec<T>, E>,
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
        for (ray, seen) in open.into_iter().zip(look(&points)?) {
            steps[ray] = (seen != start[ray]).then_some(step);
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_points::{RANGES, RandomPoints};

    #[test]
    fn the_grid_is_the_published_one() {
        assert_eq!(position(0), 0.0);
        assert!((position(11) - (1e-4 - 1e-5)).abs() < 1e-18);
        assert!((position(STEPS - 1) - (1e4 - 1e-5)).abs() < 1e-9);
        assert!((0..STEPS - 1).all(|step| position(step) < position(step + 1)));
    }

    #[test]
    fn what_the_grid_shows_is_told_apart() {
        let [before, at, after] = [position(6), position(7), position(8)];
        let middle = f64::midpoint(before, at);
        for (exact, step, expected) in [
            (middle, Some(7), Sight::Within),
            (at, Some(7), Sight::Within),
            (before, Some(7), Sight::Within),
            (0.0, Some(1), Sight::Within),
            (middle, Some(8), Sight::Late),
            (f64::midpoint(at, after), Some(7), Sight::Early),
            (f64::INFINITY, Some(7), Sight::Early),
            (middle, None, Sight::Missed),
            (2e4, None, Sight::Beyond),
            (f64::INFINITY, None, Sight::Never),
        ] {
            assert_eq!(Change { at: exact, step }.sight(), expected, "{exact} {step:?}");
        }
    }

    #[test]
    fn a_step_is_the_first_that_looks_otherwise() {
        let points = RandomPoints::new(3, 2, RANGES[0], 1);
        let rays = Rays::from(&points, 0..3, 1);
        // Distances from where the rays begin, which is what positions are.
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
