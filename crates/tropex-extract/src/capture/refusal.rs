//! Why an operation is refused.

/// Why an operation is refused.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// In words, with what can be done.
    Because(String),
    /// It reads what a refused operation would have given: there is nothing to add.
    Follows,
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        Self::Because(reason.into())
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

/// Where nothing better is known.
pub(super) const NOT_SUPPORTED: &str = "not a supported piecewise-linear operation; replace it, \
                                        or apply it outside the captured forward";

/// For functions that bend.
pub(super) const NOT_PIECEWISE_LINEAR: &str = "not piecewise linear; use ReLU, leaky ReLU, clamp \
                                               or another maximum of affine functions";

/// For products, matrix products among them.
pub(super) const PRODUCT: &str = "a product of two values that depend on the input is not \
                                  piecewise linear; only products with constants are";

/// For operations that look at several points at once.
pub(super) const MIXES_POINTS: &str = "it mixes points: the output at one point would depend on \
                                       the other points of the batch; compute it before the \
                                       captured forward and pass it as a constant";

/// For functions that are not continuous.
pub(super) const JUMPS: &str = "it jumps: a choice by comparison is piecewise linear only where \
                                both sides agree when the comparison changes, as in \
                                `mask_fill(x < 0, 0)`; use ReLU, clamp, max or min";
