//! The first change along a ray, exact and as a grid shows it.

use super::grid::{STEPS, position};

/// The first change along a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstChange {
    /// Exact distance from the start of the ray; infinite if nothing changes.
    pub at: f64,
    /// The first step of the grid that differs from the start.
    pub step: Option<usize>,
}

/// How the grid reading of a first change compares with the exact position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GridReading {
    /// The grid shows the change in its step.
    Within,
    /// The grid shows a change in a later step, because the first change was undone before the next
    /// grid position.
    Late,
    /// The grid shows a change before the exact position; only rounding causes this.
    Early,
    /// The grid shows no change although one lies within it.
    Missed,
    /// The change lies beyond the grid.
    Beyond,
    /// Nothing changes.
    Never,
}

impl FirstChange {
    /// Compares the grid with the exact position.
    pub fn grid_reading(&self) -> GridReading {
        match self.step {
            Some(step) if self.at > position(step) => GridReading::Early,
            Some(step) if self.at < position(step - 1) => GridReading::Late,
            Some(_) => GridReading::Within,
            None if self.at <= position(STEPS - 1) => GridReading::Missed,
            None if self.at.is_finite() => GridReading::Beyond,
            None => GridReading::Never,
        }
    }

    /// Position at which the grid shows a change; infinite if it shows none.
    pub fn on_grid(&self) -> f64 {
        self.step.map_or(f64::INFINITY, position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_readings_are_classified() {
        let [before, at, after] = [position(6), position(7), position(8)];
        let middle = f64::midpoint(before, at);
        for (exact, step, expected) in [
            (middle, Some(7), GridReading::Within),
            (at, Some(7), GridReading::Within),
            (before, Some(7), GridReading::Within),
            (0.0, Some(1), GridReading::Within),
            (middle, Some(8), GridReading::Late),
            (f64::midpoint(at, after), Some(7), GridReading::Early),
            (f64::INFINITY, Some(7), GridReading::Early),
            (middle, None, GridReading::Missed),
            (2e4, None, GridReading::Beyond),
            (f64::INFINITY, None, GridReading::Never),
        ] {
            assert_eq!(
                FirstChange { at: exact, step }.grid_reading(),
                expected,
                "{exact} {step:?}"
            );
        }
    }
}
