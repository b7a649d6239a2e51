//! How well numbers can be reproduced.

use serde::{Deserialize, Serialize};

/// How well a number is reproduced on another machine. Other processors sum in another order, and
/// trainings that differ in their last digits diverge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reproducibility {
    /// Approximately: the number depends on the weights.
    #[default]
    Nearly,
    /// Exactly: theory or settings fix the number.
    Exactly,
    /// In its order of magnitude: the number is, or may be, a rounding error.
    Roughly,
}

impl Reproducibility {
    /// Whether this is the default, which is not serialized.
    pub fn is_nearly(&self) -> bool {
        *self == Self::Nearly
    }
}
