//! Dominance: whether the terms of a point are maximal at the point.

use serde::{Deserialize, Serialize};

use crate::Precision;

/// Excess of another term that rounding explains, in multiples of the precision's epsilon, relative
/// to the sum of the absolute values of all summands.
const ROUNDED: f64 = 32.0;

/// Result of the check that the extracted function attains the network's values at the data points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Dominance {
    /// Number of checked points; each is compared with all terms.
    pub checked: usize,
    /// Points at which the positive and the negative term of the point attain the maximum, up to
    /// rounding.
    pub dominant: usize,
    /// Largest excess of another term over the term of the point, relative to the sum of the
    /// absolute values of all summands.
    pub largest_gap: f64,
    /// Largest excess that rounding explains, relative like `largest_gap`.
    pub tolerance: f64,
}

impl Dominance {
    /// The result for the given gaps, one per checked point.
    pub(crate) fn of(gaps: &[DominanceGap], precision: Precision) -> Self {
        let tolerance = Self::tolerance_of(precision);
        Self {
            checked: gaps.len(),
            dominant: gaps.iter().filter(|gap| gap.excess <= tolerance).count(),
            largest_gap: gaps.iter().map(|gap| gap.excess).fold(0.0, f64::max),
            tolerance,
        }
    }

    /// Largest excess that rounding explains in a precision, relative to the sum of the absolute
    /// values of all summands.
    pub fn tolerance_of(precision: Precision) -> f64 {
        ROUNDED * precision.epsilon()
    }

    /// Fraction of the checked points at which the terms of the point are maximal, between 0 and 1.
    pub fn rate(&self) -> f64 {
        self.dominant as f64 / self.checked.max(1) as f64
    }
}

/// The excess of other terms over the term of a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DominanceGap {
    /// Position of the point.
    pub(crate) position: usize,
    /// Relative to the sum of the absolute values of all summands.
    pub(crate) excess: f64,
}

impl DominanceGap {
    /// Whether the excess is larger than rounding explains.
    pub(crate) fn is_open(&self, precision: Precision) -> bool {
        self.excess > Dominance::tolerance_of(precision)
    }
}
