//! Rankings: the winning terms at points and their values.

use serde::Serialize;

use super::top_k::TopK;

/// The winning terms at one point and their values.
///
/// Winners are the winners in exact arithmetic on the stored numbers and the coordinates of the
/// point. They do not depend on the device. Values are the `f64` numbers nearest to the exact
/// values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// Class of the winning positive term, predicted by the extracted function.
    pub class: usize,
    /// Position in the store of the point whose positive term wins; the lowest position wins a tie.
    pub positive: usize,
    /// Value of the winning positive term.
    pub positive_value: f64,
    /// Position in the store of the point whose negative term wins; the lowest position wins a tie.
    pub negative: usize,
    /// Value of the winning negative term.
    pub negative_value: f64,
    /// Value of the extracted function for its class, `F^X - G^X`. The difference is computed
    /// exactly and rounded once. If both terms belong to one point, it is the value of the linear
    /// term.
    pub value: f64,
}

impl Assignment {
    /// Whether both winning terms were extracted at one data point.
    pub fn is_straight(&self) -> bool {
        self.positive == self.negative
    }
}

/// One of the largest positive terms at a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankedTerm {
    /// Position in the store of the point at which the term was extracted.
    pub position: usize,
    /// Class of the term.
    pub class: usize,
    /// Value of the largest positive term minus the value of this term.
    pub gap: f64,
    /// Value of this term minus the value of the winning negative term: the value of the extracted
    /// function without the larger positive terms.
    pub value: f64,
}

/// Number of values that were computed in `f32`, in `f64` and exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WorkStats {
    /// Pairs of a point and a positive or negative term, computed in `f32`.
    pub pairs: u64,
    /// Pairs that the `f32` value did not exclude, computed again in `f64`.
    pub reevaluated: u64,
    /// Pairs that the `f64` value did not exclude, and the winners, computed exactly.
    pub exact: u64,
}

impl WorkStats {
    /// Fraction of the pairs that were computed again in `f64`.
    pub fn share(&self) -> f64 {
        self.reevaluated as f64 / self.pairs.max(1) as f64
    }

    /// The sum of both counts.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            pairs: self.pairs + other.pairs,
            reevaluated: self.reevaluated + other.reevaluated,
            exact: self.exact + other.exact,
        }
    }
}

/// The result of a search at every point.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Ranking {
    /// The winning terms at each point, `[points]`.
    pub assignments: Vec<Assignment>,
    /// The largest positive terms at each point, largest first. Of equal terms, the lowest position
    /// in the store is first. There are `top` terms, or all terms if the store has fewer.
    pub best: Vec<Vec<RankedTerm>>,
    /// Work of the search.
    pub work: WorkStats,
}

impl Ranking {
    /// The ranking after all terms were compared. There was at least one positive and one negative
    /// term.
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
                let ranked = positive.best().iter().map(|term| RankedTerm {
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
