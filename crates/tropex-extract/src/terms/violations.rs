//! Violations: coefficients that are negative because the shifts were found for other points.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tropex_kernels::{AffineRows, extremes};

use crate::Precision;

/// Size of a negative coefficient that rounding explains, in multiples of the precision's epsilon,
/// relative to the largest coefficient or shift.
pub(super) const ROUNDED_NEGATIVE: f64 = 16.0;

/// Violations of shifts at points that they were not found for. At a violated point, the term of
/// another point may exceed the term of the point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Violations {
    /// Points with a coefficient that is negative by more than rounding, at a maximum or at the
    /// input.
    pub points: usize,
    /// Size of the most negative coefficient, relative to the largest coefficient or shift at the
    /// same value; 0 if no point is violated.
    pub largest: f64,
}

impl Violations {
    /// The violations of two disjoint sets of points together.
    pub(crate) fn merge(&self, other: &Self) -> Self {
        Self { points: self.points + other.points, largest: self.largest.max(other.largest) }
    }
}

/// Measures negative coefficients at the values where rows must be non-negative.
pub(crate) struct ViolationMeter {
    precision: Precision,
    violated: Vec<bool>,
    largest: f64,
}

impl ViolationMeter {
    pub(crate) fn over(points: usize, precision: Precision) -> Self {
        Self { precision, violated: vec![false; points], largest: 0.0 }
    }

    /// Measures the rows of a value, before the shift is added.
    pub(crate) fn measure(&mut self, rows: Option<&AffineRows>, shift: Option<&Tensor<2>>) {
        let Some(rows) = rows else { return };
        let largest_shift = shift.map_or(0.0, |shift| shift.clone().max().into_scalar::<f64>());
        let extremes = extremes(rows.clone().with_shift(shift));
        for (violated, (smallest, largest)) in self.violated.iter_mut().zip(extremes) {
            let size = largest.max(largest_shift);
            if smallest < -ROUNDED_NEGATIVE * self.precision.epsilon() * size {
                *violated = true;
                self.largest = self.largest.max(-smallest / size);
            }
        }
    }

    pub(crate) fn violations(self) -> Violations {
        let points = self.violated.into_iter().filter(|&violated| violated).count();
        Violations { points, largest: self.largest }
    }
}
