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
    /// The smallest multiple of the tight shifts under which every extracted point's own terms are
    /// still maximal at it.
    ///
    /// The tight shifts make sure of that unit by unit, wherever the points lie; at the points
    /// themselves, where the units are added up, much less is enough. How much is found by trial:
    /// whether it suffices is checked at every point. It is checked for the predicted classes; of
    /// logits of other classes the extracted function may be wrong at the points.
    Calibrated,
}

impl Gauge {
    /// Name on the command line and in folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorstCase => "worst-case",
            Self::Tight => "tight",
            Self::Calibrated => "calibrated",
        }
    }

    /// Whether the shifts depend on the points extracted.
    pub fn depends_on_points(self) -> bool {
        self != Self::WorstCase
    }
}
