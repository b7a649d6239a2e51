//! Whether the terms of points are maximal at the points themselves.

use serde::{Deserialize, Serialize};

use super::assignment::Assignment;
use super::race::{Blocks, Race, Rules};
use crate::store::Shard;
use crate::{Error, Placement, Precision};

/// Multiples of the precision's epsilon, relative to what was added up, by which rounding may let
/// another term exceed a point's own.
const ROUNDED: f64 = 32.0;

/// Whether the extracted function attains the network's value at data points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dominance {
    /// Points looked at, each against all terms.
    pub checked: usize,
    /// Points at which own positive and own negative term attain the maximum, up to rounding.
    pub dominant: usize,
    /// Largest excess of another term over a point's own, relative to the size of the numbers
    /// that were added up.
    pub largest_gap: f64,
    /// The excess that rounding explains.
    pub tolerance: f64,
}

impl Dominance {
    /// Figures of the gaps of some points.
    pub(crate) fn of(gaps: &[Gap], precision: Precision) -> Self {
        let tolerance = tolerance(precision);
        Self {
            checked: gaps.len(),
            dominant: gaps.iter().filter(|gap| gap.excess <= tolerance).count(),
            largest_gap: gaps.iter().map(|gap| gap.excess).fold(0.0, f64::max),
            tolerance,
        }
    }

    /// Share of the checked points at which the own terms are maximal.
    pub fn rate(&self) -> f64 {
        self.dominant as f64 / self.checked.max(1) as f64
    }
}

fn tolerance(precision: Precision) -> f64 {
    ROUNDED * precision.epsilon()
}

/// How far other terms exceed a point's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    /// Position of the point.
    pub(crate) position: usize,
    /// Relative to the size of the numbers that were added up.
    excess: f64,
}

impl Gap {
    /// Whether rounding does not explain it.
    pub(crate) fn is_open(&self, precision: Precision) -> bool {
        self.excess > tolerance(precision)
    }
}

/// A race of all terms at chosen points, in which the points' own are looked for.
pub(crate) struct OwnRace<'a> {
    race: Race<'a>,
    points: &'a [f32],
    features: usize,
    /// Positions of the points.
    chosen: &'a [usize],
    own: Vec<Own>,
}

impl<'a> OwnRace<'a> {
    /// `points` are the chosen ones, `[chosen, features]`, row by row; `placement` is in f32.
    ///
    /// # Errors
    /// Points that are not finite numbers.
    pub(crate) fn new(
        points: &'a [f32],
        chosen: &'a [usize],
        features: usize,
        placement: &'a Placement,
    ) -> Result<Self, Error> {
        let rules = Rules { top: 1, without: None };
        let race = Race::new(points, features, rules, Blocks::default(), placement)?;
        Ok(Self { race, points, features, chosen, own: vec![Own::default(); chosen.len()] })
    }

    /// Lets the terms of a shard compete.
    pub(crate) fn enter(&mut self, shard: &Shard) {
        self.race.enter(shard);
        let points = self.points.chunks(self.features).zip(self.chosen);
        for (own, (point, position)) in self.own.iter_mut().zip(points) {
            if shard.positions().contains(position) {
                *own = Own::of(shard, position - shard.first, point);
            }
        }
    }

    /// The gaps of the chosen points, after all terms have competed.
    pub(crate) fn gaps(self) -> Vec<Gap> {
        let winners = self.race.standings().assignments;
        let points = self.chosen.iter().zip(self.own).zip(winners);
        points
            .map(|((&position, own), winner)| Gap { position, excess: own.excess(&winner) })
            .collect()
    }
}

/// Values of a point's own terms at the point.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    positive: f64,
    negative: f64,
    /// What the value's terms add up to in absolute value: rounding is judged against it.
    size: f64,
}

impl Own {
    fn of(shard: &Shard, term: usize, point: &[f32]) -> Self {
        let class = shard.predicted_slot(term);
        let positive = shard.positive(term, class).at(point);
        let negative = shard.negative(term).at(point);
        let size = positive.size.max(negative.size);
        Self { positive: positive.value, negative: negative.value, size }
    }

    /// How far the winners exceed the own terms, relative to the size of the numbers added.
    fn excess(&self, winner: &Assignment) -> f64 {
        let positive = winner.positive_value - self.positive;
        let negative = winner.negative_value - self.negative;
        positive.max(negative).max(0.0) / self.size.max(f64::MIN_POSITIVE)
    }
}
