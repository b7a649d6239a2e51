//! Reasons why operators cannot be used.

pub(super) const CURVED: &str = "it is not piecewise linear; replace it by ReLU, leaky ReLU, \
                                 HardSigmoid, Clip or another maximum of affine functions";

pub(super) const JUMPS: &str = "it jumps, so it is not piecewise linear and continuous; replace it \
                                by ReLU, Clip, Max or Min";

pub(super) const DECIDES: &str = "it chooses a class or its probability, which is supported at \
                                  the end of a model only; choose an output before it";
