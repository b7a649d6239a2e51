//! The first part of a report: the answer, a card per network and gauge, and the claims.

use serde::Serialize;

use super::table::Table;
use crate::render::Figure;
use crate::unit::Unit;

/// What a reader sees first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudySummary {
    /// The answer in words; empty if nothing was measured that answers.
    pub answer: String,
    /// What besides their architectures differs between networks that are compared; empty if nothing
    /// does.
    pub caution: String,
    /// A card for every network and gauge.
    pub cards: Vec<HeadlineCard>,
    /// The figure that shows the numbers of the cards.
    #[serde(skip)]
    pub figure: Option<Figure>,
    /// What changes from the first gauge to the last; `None` for one gauge.
    pub changes: Option<GaugeChanges>,
    /// A row for every network and gauge.
    pub table: Table,
    /// The claims of the paper, in order.
    pub claims: Vec<Claim>,
}

/// Headline numbers of a network and a gauge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeadlineCard {
    /// Name of the network: its folder.
    pub network: String,
    /// Gauge of the terms.
    pub gauge: String,
    /// Number of images that the network was trained on; `None` for imported weights.
    pub trained_on: Option<usize>,
    /// Number of seeds whose means the numbers are.
    pub seeds: usize,
    /// Number of training images whose terms form the extracted function.
    pub terms: usize,
    /// Number of test images.
    pub images: usize,
    /// The network's accuracy, the extracted function's accuracy, and their agreement.
    pub estimates: [ShareEstimate; 3],
}

/// A share with its uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareEstimate {
    /// What is measured.
    pub name: &'static str,
    /// The share, a mean over the seeds.
    pub share: f64,
    /// 95 % confidence interval for the number of test images.
    pub interval: [f64; 2],
    /// Smallest and largest share of several seeds.
    pub seeds: Option<[f64; 2]>,
}

/// What changes from one gauge to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GaugeChanges {
    /// The gauge that changes are measured from.
    pub from: String,
    /// The gauge that changes are measured to.
    pub to: String,
    /// The changes, network by network.
    pub changes: Vec<GaugeChange>,
}

/// How much a number of a network changes from one gauge to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GaugeChange {
    /// Name of the network.
    pub network: String,
    /// What is measured.
    pub number: &'static str,
    /// Unit of the number.
    pub unit: Unit,
    /// The number under the second gauge minus that under the first, a mean over the seeds.
    pub change: f64,
    /// Smallest and largest change of several seeds.
    pub seeds: Option<[f64; 2]>,
}

/// A claim of the paper and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The claim as a question.
    pub question: &'static str,
    /// Whether the claim holds here.
    pub verdict: Verdict,
    /// The numbers behind the verdict, and the rule that decides it.
    pub evidence: String,
    /// Further numbers of every network; empty if no experiment measures them.
    pub lines: Vec<String>,
}

/// Whether a claim holds for the networks of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds for all networks.
    Holds,
    /// It holds for none.
    DoesNotHold,
    /// It holds for some networks.
    HoldsForSome,
    /// The experiments of the report do not decide it.
    CannotBeTold,
}

impl Verdict {
    /// The verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::HoldsForSome => "holds for some",
            Self::CannotBeTold => "cannot be told",
        }
    }

    /// The verdict for several networks, from whether the claim holds for each.
    pub fn of(holds: impl IntoIterator<Item = bool>) -> Self {
        let holds: Vec<_> = holds.into_iter().collect();
        match (holds.contains(&true), holds.contains(&false)) {
            (true, false) => Self::Holds,
            (false, true) => Self::DoesNotHold,
            (true, true) => Self::HoldsForSome,
            (false, false) => Self::CannotBeTold,
        }
    }
}
