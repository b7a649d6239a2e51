//! Bounds of all rows that can occur at a value, whatever the data.

use burn::tensor::Tensor;

/// Every row `B` at a value satisfies `-lower <= B <= upper`, coordinate by coordinate; both are
/// `[1, features]` and non-negative. No `lower` means zero: the rows are non-negative.
#[derive(Clone, Debug)]
pub struct Interval {
    pub(crate) upper: Tensor<2>,
    pub(crate) lower: Option<Tensor<2>>,
}

impl Interval {
    /// Bounds after a linear map given by its non-negative part `positive` and the negated rest
    /// `negative`, each pulling a row back: upper rows through `positive` stay above, lower rows
    /// through `negative` change sides.
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

    /// Bounds after a linear map with a weight; `pull` takes rows back through a part of it.
    pub(crate) fn through<const D: usize>(
        self,
        weight: Tensor<D>,
        pull: impl Fn(Tensor<2>, Tensor<D>) -> Tensor<2>,
    ) -> Self {
        let (positive, negative) = (weight.clone().clamp_min(0), weight.neg().clamp_min(0));
        self.pulled(|rows| pull(rows, positive.clone()), |rows| pull(rows, negative.clone()))
    }

    /// Bounds after a map whose coefficients are all non-negative.
    pub(crate) fn map(self, f: impl Fn(Tensor<2>) -> Tensor<2>) -> Self {
        Self { lower: self.lower.map(&f), upper: f(self.upper) }
    }

    /// Bounds of the sum of two rows.
    pub(crate) fn add(self, other: Self) -> Self {
        let lower = match (self.lower, other.lower) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        Self { upper: self.upper + other.upper, lower }
    }
}
