//! Whether the terms of points are maximal at the points themselves.

use serde::{Deserialize, Serialize};

use crate::Precision;

/// Multiples of the precision's epsilon, relative to what was added up, by which rounding may let
/// another term exceed a point's own.
const ROUNDED: f64 = 32.0;

/// Whether the extracted function attains the network's value at data points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dominance {
    /// Points looked at, each against all terms.
    pub checked: usize,
    /// Points at which own positive and own negative term attain the maximum, up to rounding.
    pub dominant: usize,
    /// Largest excess of another term over a point's own, relative to the size of the numbers
    /// that were added up.
    pub largest_gap: f64,
    /// The excess that rounding explains.
    pub tolerance: f64,
}

impl Dominance {
    /// Figures of the gaps of some points.
    pub(crate) fn of(gaps: &[Gap], precision: Precision) -> Self {
        let tolerance = tolerance(precision);
        Self {
            checked: gaps.len(),
            dominant: gaps.iter().filter(|gap| gap.excess <= tolerance).count(),
            largest_gap: gaps.iter().map(|gap| gap.excess).fold(0.0, f64::max),
            tolerance,
        }
    }

    /// Share of the checked points at which the own terms are maximal.
    pub fn rate(&self) -> f64 {
        self.dominant as f64 / self.checked.max(1) as f64
    }
}

fn tolerance(precision: Precision) -> f64 {
    ROUNDED * precision.epsilon()
}

/// How far other terms exceed a point's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    /// Position of the point.
    pub(crate) position: usize,
    /// Relative to the size of the numbers that were added up.
    pub(crate) excess: f64,
}

impl Gap {
    /// Whether rounding does not explain it.
    pub(crate) fn is_open(&self, precision: Precision) -> bool {
        self.excess > tolerance(precision)
    }
}
