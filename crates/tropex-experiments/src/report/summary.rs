//! The first part of a report: the answer, a card per network and gauge, and the claims.

use serde::Serialize;

use super::table::Table;
use crate::render::Figure;

/// What a reader sees first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudySummary {
    /// The answer in one sentence; empty if nothing was measured that answers.
    pub answer: String,
    /// A card for every network and gauge.
    pub cards: Vec<HeadlineCard>,
    /// The figure that shows the numbers of the cards.
    #[serde(skip)]
    pub figure: Option<Figure>,
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
    /// Number of training images whose terms form the extracted function.
    pub terms: usize,
    /// Number of test images.
    pub images: usize,
    /// The numbers.
    pub estimates: Vec<ShareEstimate>,
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

/// A claim of the paper and what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The claim as a question.
    pub question: &'static str,
    /// Whether the claim holds here.
    pub verdict: Verdict,
    /// The numbers behind the verdict, and the rule that decides it.
    pub evidence: String,
    /// The numbers of every network; empty if no experiment measures them.
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
    Differs,
    /// The experiments of the report do not decide it.
    CannotBeTold,
}

impl Verdict {
    /// The verdict in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Differs => "differs",
            Self::CannotBeTold => "cannot be told",
        }
    }

    /// The verdict for several networks, from whether the claim holds for each.
    pub fn of(holds: impl IntoIterator<Item = bool>) -> Self {
        let holds: Vec<_> = holds.into_iter().collect();
        match (holds.contains(&true), holds.contains(&false)) {
            (true, false) => Self::Holds,
            (false, true) => Self::DoesNotHold,
            (true, true) => Self::Differs,
            (false, false) => Self::CannotBeTold,
        }
    }
}
