//! Just beyond a position on a line.

/// Changes of pieces that are nearer than this along a line happen at once: it stands for what
/// rounding makes of several units that change together. In units of the direction; relative
/// beyond 1.
pub const RESOLUTION: f64 = 1e-12;

/// Differences that are smaller, compared with the largest number that they are taken of, are zero
/// but for rounding.
const ROUNDED_ZERO: f64 = 32.0 * f64::EPSILON;

/// The resolution at a position.
pub(super) fn resolution(at: f64) -> f64 {
    RESOLUTION * at.abs().max(1.0)
}

/// Tells the signs of functions of the position that are affine from here on: by their value here
/// or, where that is zero, by their slope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beyond {
    at: f64,
    /// Values that are zero.
    value: f64,
    /// Slopes that are zero.
    slope: f64,
}

impl Beyond {
    /// Beyond a position, for differences of such values at 0 and such slopes.
    pub(super) fn of(at: f64, values: &[f64], slopes: &[f64]) -> Self {
        let largest = |numbers: &[f64]| numbers.iter().fold(0.0_f64, |most, n| most.max(n.abs()));
        let slope = ROUNDED_ZERO * largest(slopes);
        Self { at, value: ROUNDED_ZERO * largest(values) + at * slope, slope }
    }

    /// Whether a function that is `value` at 0 is above zero just beyond the position.
    pub(super) fn is_above(&self, value: f64, slope: f64) -> bool {
        let there = value + self.at * slope;
        let zero = self.value.max(resolution(self.at) * slope.abs());
        if there.abs() <= zero { slope > self.slope } else { there > 0.0 }
    }

    /// Where a function that is not negative just beyond the position becomes so.
    pub(super) fn end(&self, value: f64, slope: f64) -> f64 {
        if slope < -self.slope {
            (value / -slope).max(self.at + resolution(self.at))
        } else {
            f64::INFINITY
        }
    }
}
