//! Just beyond a position on a line.

/// Changes of pieces that are nearer to each other than this along a line happen at once: it stands
/// for what rounding makes of several units that change together. Relative to the position, or to the
/// scale of the line where that is larger: the position at which a line has moved as far as its start
/// is from the origin, both by their largest coordinate.
pub const RESOLUTION: f64 = 1e-12;

/// Differences that are smaller, compared with the largest number that they are taken of, are zero
/// but for rounding.
const ROUNDED_ZERO: f64 = 32.0 * f64::EPSILON;

/// The scale of the line `from + t * direction`.
pub(super) fn scale(from: &[f64], direction: &[f64]) -> f64 {
    match largest(direction) {
        0.0 => 0.0,
        step => largest(from) / step,
    }
}

/// The resolution at a position on a line of a scale.
pub(super) fn resolution(at: f64, scale: f64) -> f64 {
    RESOLUTION * at.abs().max(scale)
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0_f64, |most, number| most.max(number.abs()))
}

/// Tells the signs of functions of the position that are affine from here on: by their value here
/// or, where that is zero, by their slope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beyond {
    at: f64,
    resolution: f64,
    /// Values that are zero.
    value: f64,
    /// Slopes that are zero.
    slope: f64,
}

impl Beyond {
    /// Beyond a position on a line of a scale, for differences of such values at 0 and such slopes.
    pub(super) fn of(at: f64, scale: f64, values: &[f64], slopes: &[f64]) -> Self {
        let slope = ROUNDED_ZERO * largest(slopes);
        let value = ROUNDED_ZERO * largest(values) + at * slope;
        Self { at, resolution: resolution(at, scale), value, slope }
    }

    /// Whether a function that is `value` at 0 is above zero just beyond the position.
    pub(super) fn is_above(&self, value: f64, slope: f64) -> bool {
        let there = value + self.at * slope;
        if there.abs() <= self.zero(slope) { slope > self.slope } else { there > 0.0 }
    }

    /// Where a function that is not negative just beyond the position becomes so. Never where it is
    /// still zero but for rounding: every stretch of a line leads on.
    pub(super) fn end(&self, value: f64, slope: f64) -> f64 {
        if slope < -self.slope {
            (value / -slope).max(self.at + self.zero(slope) / -slope)
        } else {
            f64::INFINITY
        }
    }

    /// Values that are zero at the position, of a function of some slope.
    fn zero(&self, slope: f64) -> f64 {
        self.value.max(self.resolution * slope.abs())
    }
}
