//! Reasons why an operation cannot be lowered.

use burn::tensor::TensorId;

/// The reason why an operation cannot be lowered.
#[derive(Clone, Debug)]
pub(super) enum LoweringError {
    /// The operation is not supported: the reason, and how to change the module.
    Unsupported(String),
    /// An operand depends on an unsupported operation, which is reported already.
    DependsOnUnsupported,
    /// An operand must be a value but is discontinuous; the operation that produced it is reported.
    Discontinuous(TensorId),
}

impl From<&str> for LoweringError {
    fn from(reason: &str) -> Self {
        Self::Unsupported(reason.into())
    }
}

impl From<String> for LoweringError {
    fn from(reason: String) -> Self {
        Self::Unsupported(reason)
    }
}

/// The default reason.
pub(super) const NOT_SUPPORTED: &str = "not a supported piecewise-linear operation; replace it, \
                                        or apply it outside the captured forward";

/// For functions that are not piecewise linear.
pub(super) const NOT_PIECEWISE_LINEAR: &str = "not piecewise linear; use ReLU, leaky ReLU, clamp \
                                               or another maximum of affine functions";

/// For products of values, including matrix products.
pub(super) const PRODUCT: &str = "a product of two values that depend on the input is not \
                                  piecewise linear; only products with constants are";

/// For operations that are linear in the operand that depends on the input.
pub(super) const LINEAR: &str = "linear, since its other arguments are constant, but not supported \
                                 as such: write it as a product with a constant matrix";

/// For operations that combine several points.
pub(super) const MIXES_POINTS: &str = "it mixes points, or moves them to another axis than the \
                                       first: a captured forward maps every point separately; \
                                       compute what needs several points before the captured \
                                       forward, and pass it as a constant";

/// For constants that differ between points.
pub(super) const DIFFERS: &str = "it differs between the points of a batch: a captured forward \
                                  applies one function to every point";

/// For discontinuous functions.
pub(super) const JUMPS: &str = "it jumps, but a captured function must be continuous: use ReLU, \
                                clamp, max or min";

/// For selections that are not recognised as continuous.
pub(super) const NOT_SEEN: &str = "it jumps, or is not recognised as continuous: signs and \
                                   selections by comparison are supported if the result is the \
                                   maximum or minimum of two values, or a continuous elementwise \
                                   function of one value; use ReLU, clamp, max or min";

/// For integers and truth values.
pub(super) const STEPS: &str = "it jumps: its results are integers or truth values that depend on \
                                the input, but a captured function must be continuous";

/// For a constant operand where a value is needed.
pub(super) const CONSTANT_OPERAND: &str = "the operation is applied to a constant, and another \
                                           operand depends on the input: this combination is not \
                                           supported";

/// For a value where a constant operand is needed.
pub(super) const VARYING_OPERAND: &str = "an operand that must be constant, such as a weight or a \
                                          position, depends on the input: the operation is not \
                                          piecewise linear in all of its operands";

/// For results that are not captured.
pub(super) const SECOND_RESULT: &str = "an operand is the second result of an operation of which \
                                        only the first is supported, such as the positions of \
                                        maxima";
