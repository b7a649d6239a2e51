//! Which terms win at points.

use serde::Serialize;

use super::top_k::TopK;

/// The terms that win at one point, and what they are worth there.
///
/// The winners are those of exact arithmetic on the numbers in the store and in the point, whatever
/// device found them, and values are the `f64` nearest to the exact ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Class of the winning positive term: the extracted function's prediction.
    pub class: usize,
    /// Position in the store of the point whose positive term wins, the first on ties.
    pub positive: usize,
    /// Value of the winning positive term.
    pub positive_value: f64,
    /// Position in the store of the point whose negative term wins, the first on ties.
    pub negative: usize,
    /// Value of the winning negative term.
    pub negative_value: f64,
    /// Value of the extracted function for its class, `F^X - G^X`. No digit is lost to the
    /// difference: where both terms come from one point, it is the linear term's value.
    pub value: f64,
}

impl Assignment {
    /// Whether both maxima are attained by the terms of one point.
    pub fn is_straight(&self) -> bool {
        self.positive == self.negative
    }
}

/// One of the best positive terms at a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// Position in the store of the point whose term it is.
    pub position: usize,
    /// The class that the term stands for.
    pub class: usize,
    /// How much less it is worth than the best.
    pub gap: f64,
    /// Its value less that of the winning negative term: what the extracted function would be
    /// worth if the better terms were not there.
    pub value: f64,
}

/// How many values had to be computed in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkStats {
    /// Pairs of a point and a positive or negative term: each was looked at in f32.
    pub pairs: u64,
    /// Of these, those whose f32 value did not rule them out: computed again in f64.
    pub reevaluated: u64,
    /// Of these, those whose f64 value did not either, and the winners: computed exactly.
    pub exact: u64,
}

impl WorkStats {
    /// Share of the pairs that were computed again.
    pub fn share(&self) -> f64 {
        self.reevaluated as f64 / self.pairs.max(1) as f64
    }

    /// The effort of both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            pairs: self.pairs + other.pairs,
            reevaluated: self.reevaluated + other.reevaluated,
            exact: self.exact + other.exact,
        }
    }
}

/// The outcome at every point.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The winners.
    pub assignments: Vec<Assignment>,
    /// The best positive terms, best first, of equal ones the first in the store: as many as were
    /// asked for, or all there are.
    pub best: Vec<Vec<Ranked>>,
    /// What it took.
    pub work: WorkStats,
}

impl Ranking {
    /// The standings after all terms have competed; there was at least one of each side.
    pub(super) fn of(positive: &[TopK], negative: &[TopK], pairs: u64) -> Self {
        let work = positive.iter().chain(negative).fold(
            WorkStats { pairs, ..WorkStats::default() },
            |work, top_k| {
                let (reevaluated, exact) = (top_k.evaluated, top_k.exact);
                work.with(WorkStats { pairs: 0, reevaluated, exact })
            },
        );
        let points = positive.iter().zip(negative);
        let (assignments, best) = points
            .filter_map(|(positive, negative)| {
                let (first, winner) = (positive.best().first()?, negative.best().first()?);
                let assignment = Assignment {
                    class: first.class,
                    positive: first.position,
                    positive_value: first.value.value(),
                    negative: winner.position,
                    negative_value: winner.value.value(),
                    value: first.value.minus(&winner.value),
                };
                let ranked = positive.best().iter().map(|term| Ranked {
                    position: term.position,
                    class: term.class,
                    gap: first.value.minus(&term.value),
                    value: term.value.minus(&winner.value),
                });
                Some((assignment, ranked.collect()))
            })
            .unzip();
        Self { assignments, best, work }
    }
}
