//! Why an operation is refused.

use burn::tensor::TensorId;

/// Why an operation is refused.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// In words, with what can be done.
    Because(String),
    /// It reads what a refused operation would have given: there is nothing to add.
    Follows,
    /// It needs a value where a tensor is something that jumps: what gave that is to be refused.
    Jumps(TensorId),
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

/// For what is linear in the operand that depends on the input.
pub(super) const LINEAR: &str = "linear, since its other arguments are constant, but not supported \
                                 on its own: write it as a product with a constant matrix";

/// For operations that look at several points at once.
pub(super) const MIXES_POINTS: &str = "it mixes points, or puts them on another axis than the \
                                       first: what is captured maps every point on its own; compute \
                                       what needs several points before the captured forward, and \
                                       pass it as a constant";

/// For constants that are not the same for all points.
pub(super) const DIFFERS: &str = "it does other things at other points of the batch: what is \
                                  captured maps every point alike";

/// For functions that are not continuous.
pub(super) const JUMPS: &str = "it jumps, and what is captured must be continuous: use ReLU, clamp, \
                                max or min";

/// For choices of which nothing is known.
pub(super) const NOT_SEEN: &str = "it jumps, or is not seen to be continuous: signs and choices by \
                                   comparison are captured where the result is the larger or the \
                                   smaller of two values, or a continuous function of one value, \
                                   feature by feature; use ReLU, clamp, max or min";

/// For whole numbers and truth values.
pub(super) const STEPS: &str = "it jumps: it gives whole numbers or truth values that depend on the \
                                input, and what is captured must be continuous";
