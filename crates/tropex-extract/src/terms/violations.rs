//! Further points under shifts that were found for others.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::check::ROUNDED_ZERO;
use crate::Precision;
use crate::kernels::extremes;
use crate::rows::Rows;

/// How far shifts fail to keep rows of points non-negative that they were not found for. Where they
/// do, another point's term may exceed the point's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Violations {
    /// Points with a coefficient that is negative by more than rounding, at a maximum or at the
    /// input.
    pub points: usize,
    /// Size of the most negative coefficient, relative to the largest coefficient or shift at the
    /// same place; zero if no point is violated.
    pub largest: f64,
}

impl Violations {
    /// Both together.
    pub(super) fn merge(&self, other: &Self) -> Self {
        Self { points: self.points + other.points, largest: self.largest.max(other.largest) }
    }
}

/// Looks at the rows of points wherever they must not be negative.
pub(super) struct Watch {
    precision: Precision,
    violated: Vec<bool>,
    largest: f64,
}

impl Watch {
    pub(super) fn over(points: usize, precision: Precision) -> Self {
        Self { precision, violated: vec![false; points], largest: 0.0 }
    }

    /// Looks at rows that arrived at a value, and that a shift is about to be added to.
    pub(super) fn look(&mut self, rows: Option<&Rows>, shift: Option<&Tensor<2>>) {
        let Some(rows) = rows else { return };
        let largest_shift = shift.map_or(0.0, |shift| shift.clone().max().into_scalar::<f64>());
        let extremes = extremes(rows.clone().with_shift(shift));
        for (violated, (smallest, largest)) in self.violated.iter_mut().zip(extremes) {
            let size = largest.max(largest_shift);
            if smallest < -ROUNDED_ZERO * self.precision.epsilon() * size {
                *violated = true;
                self.largest = self.largest.max(-smallest / size);
            }
        }
    }

    pub(super) fn found(self) -> Violations {
        let points = self.violated.into_iter().filter(|&violated| violated).count();
        Violations { points, largest: self.largest }
    }
}
