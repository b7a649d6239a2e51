//! How numbers come out again.

use serde::{Deserialize, Serialize};

/// How a number comes out where everything is done again elsewhere: other processors add up in
/// another order, and trainings that differ in their last digits drift apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeats {
    /// Nearly as it was: it depends on the weights.
    #[default]
    Nearly,
    /// Exactly as it was: theory or the settings fix it.
    Exactly,
    /// In its order of magnitude: it is, or may be, what rounding leaves.
    Roughly,
}

impl Repeats {
    /// Whether it is as most numbers are, so that nothing need be said.
    pub fn is_nearly(&self) -> bool {
        *self == Self::Nearly
    }
}
