//! Intervals: bounds on all rows that can occur at a value, for every input point.

use burn::tensor::Tensor;

/// Bounds on rows: every row `B` at a value satisfies `-lower <= B <= upper`, elementwise. Both
/// bounds are non-negative, `[1, features]`. A missing `lower` is zero.
#[derive(Clone, Debug)]
pub struct Interval {
    pub(crate) upper: Tensor<2>,
    pub(crate) lower: Option<Tensor<2>>,
}

impl Interval {
    /// Bounds after a linear map, given by the pullbacks of its positive part and of its negated
    /// negative part. The positive part maps upper bounds to upper bounds, the negative part
    /// exchanges upper and lower bounds.
    fn pulled(
        self,
        positive: impl Fn(Tensor<2>) -> Tensor<2>,
        negative: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match self.lower {
            None => Self { lower: Some(negative(self.upper.clone())), upper: positive(self.upper) },
            Some(lower) => Self {
                upper: positive(self.upper.clone()) + negative(lower.clone()),
                lower: Some(negative(self.upper) + positive(lower)),
            },
        }
    }

    /// Bounds after a linear map with a weight; `pull` pulls rows back through a part of the
    /// weight.
    pub(crate) fn through<const D: usize>(
        self,
        weight: Tensor<D>,
        pull: impl Fn(Tensor<2>, Tensor<D>) -> Tensor<2>,
    ) -> Self {
        let (positive, negative) = (weight.clone().clamp_min(0), weight.neg().clamp_min(0));
        self.pulled(|rows| pull(rows, positive.clone()), |rows| pull(rows, negative.clone()))
    }

    /// Bounds after a map with non-negative coefficients.
    pub(crate) fn map(self, f: impl Fn(Tensor<2>) -> Tensor<2>) -> Self {
        Self { lower: self.lower.map(&f), upper: f(self.upper) }
    }

    /// Bounds on the sum of two rows.
    pub(crate) fn add(self, other: Self) -> Self {
        let lower = match (self.lower, other.lower) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Self { upper: self.upper + other.upper, lower }
    }
}
