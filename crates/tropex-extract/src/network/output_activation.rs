//! Operations at the end of a module that the capture omits.

use std::fmt;

/// A function of the logits at the end of a module. Capture omits it because it does not change the
/// class with the largest logit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum OutputActivation {
    /// Softmax over the classes.
    Softmax,
    /// Logarithm of the softmax over the classes.
    LogSoftmax,
    /// Multiplication of all logits by a positive number, such as an inverse temperature.
    Scale(f64),
}

impl fmt::Display for OutputActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Softmax => f.write_str("softmax"),
            Self::LogSoftmax => f.write_str("log-softmax"),
            Self::Scale(factor) => write!(f, "times {factor}"),
        }
    }
}
