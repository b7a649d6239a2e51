//! The gauge: which affine functions are added to numerator and denominator alike.

use serde::{Deserialize, Serialize};

/// The rule that chooses the shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gauge {
    /// As published: shifts that suffice whatever the data, from bounds on all rows.
    WorstCase,
    /// The smallest shifts that suffice for the points extracted, from their rows themselves.
    Tight,
}

impl Gauge {
    /// Name on the command line and in folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorstCase => "worst-case",
            Self::Tight => "tight",
        }
    }
}
