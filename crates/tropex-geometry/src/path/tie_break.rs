//! Ties along a line: the signs of values just after a position.

/// Two changes of pieces along a line whose positions differ by less than this happen at once.
///
/// It covers the rounding of several units that change together. It is relative to the position, or
/// to the scale of the line if that is larger. The scale is the position at which the line has
/// moved by the distance of its start from the origin, both measured by the largest coordinate.
pub const RESOLUTION: f64 = 1e-12;

/// Differences below this share of the largest operand count as zero.
const ROUNDED_DIFFERENCE: f64 = 32.0 * f64::EPSILON;

/// The scale of the line `from + t * direction`, see [`RESOLUTION`].
pub(super) fn scale(from: &[f64], direction: &[f64]) -> f64 {
    match largest(direction) {
        0.0 => 0.0,
        step => largest(from) / step,
    }
}

/// The resolution at a position on a line with a scale.
pub(super) fn resolution(at: f64, scale: f64) -> f64 {
    RESOLUTION * at.abs().max(scale)
}

fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0_f64, |most, number| most.max(number.abs()))
}

/// The signs just after a position of functions `value + t * slope` of the position `t`. Where such
/// a function is zero at the position, its slope decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct TieBreak {
    at: f64,
    resolution: f64,
    /// Values up to this size count as zero.
    zero_value: f64,
    /// Slopes up to this size count as zero.
    zero_slope: f64,
}

impl TieBreak {
    /// Ties at a position on a line with a scale, for differences of these values (at `t = 0`) and
    /// of these slopes.
    pub(super) fn new(at: f64, scale: f64, values: &[f64], slopes: &[f64]) -> Self {
        let zero_slope = ROUNDED_DIFFERENCE * largest(slopes);
        let zero_value = ROUNDED_DIFFERENCE * largest(values) + at * zero_slope;
        Self { at, resolution: resolution(at, scale), zero_value, zero_slope }
    }

    /// Whether a function is positive just after the position.
    pub(super) fn is_positive(&self, value: f64, slope: f64) -> bool {
        let here = value + self.at * slope;
        if here.abs() <= self.tolerance(slope) { slope > self.zero_slope } else { here > 0.0 }
    }

    /// The position at which a function that is not negative just after this position becomes
    /// negative. The result lies beyond the rounding error of zero, so that every segment of a line
    /// makes progress.
    pub(super) fn root(&self, value: f64, slope: f64) -> f64 {
        if slope < -self.zero_slope {
            (value / -slope).max(self.at + self.tolerance(slope) / -slope)
        } else {
            f64::INFINITY
        }
    }

    /// Values at the position up to this size count as zero, for a function with a slope.
    fn tolerance(&self, slope: f64) -> f64 {
        self.zero_value.max(self.resolution * slope.abs())
    }
}
