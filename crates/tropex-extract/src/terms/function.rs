//! The extracted function: the maxima over the extracted terms only (MATH 3).

use burn::tensor::Device;

use super::check::Dominance;
use super::race::Race;
use crate::store::Shard;
use crate::{Error, Placement, PointSource, TermStore};

/// Bytes of points in memory at a time, about: for each set the whole store is read once.
const POINT_BYTES: usize = 256 << 20;

/// `N^X = F^X - G^X` with one maximum of positive terms per class and one of negative terms, read
/// from a store shard by shard.
#[derive(Debug)]
pub struct ExtractedFunction<'a> {
    store: &'a TermStore,
    placement: Placement,
}

/// The terms that win at one point.
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
}

impl Assignment {
    /// Whether both maxima are attained by the terms of one point.
    pub fn is_straight(&self) -> bool {
        self.positive == self.negative
    }
}

/// How the extracted function compares with the network and with the labels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// Points looked at.
    pub points: usize,
    /// Points that both put into the same class.
    pub agreeing: usize,
    /// Points that the extracted function puts into their true class.
    pub correct: usize,
    /// Points that the network puts into their true class.
    pub network_correct: usize,
    /// Points at which positive and negative term come from the same point.
    pub straight: usize,
}

impl Evaluation {
    /// Share of the points that extracted function and network put into the same class.
    pub fn agreement(&self) -> f64 {
        self.share(self.agreeing)
    }

    /// Share of the points that the extracted function puts into their true class.
    pub fn accuracy(&self) -> f64 {
        self.share(self.correct)
    }

    /// Share of the points that the network puts into their true class.
    pub fn network_accuracy(&self) -> f64 {
        self.share(self.network_correct)
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.points.max(1) as f64
    }
}

impl<'a> ExtractedFunction<'a> {
    /// The function of a store, computed on a device in the store's precision.
    ///
    /// # Errors
    /// A device without that precision.
    pub fn new(store: &'a TermStore, device: &Device) -> Result<Self, Error> {
        let placement = Placement::new(device, store.manifest().terms.precision)?;
        Ok(Self { store, placement })
    }

    /// The winning terms at points `[points, features]`, given row by row. No matrix of all points
    /// by all terms is ever made; `progress` is told how many terms were looked at.
    ///
    /// # Errors
    /// Values that are not whole points; damaged shards.
    pub fn assign(
        &self,
        points: &[f32],
        progress: &dyn Fn(usize),
    ) -> Result<Vec<Assignment>, Error> {
        Ok(self.scan(points, None, progress)?.0)
    }

    /// The class of the extracted function at points `[points, features]`.
    ///
    /// # Errors
    /// Values that are not whole points; damaged shards.
    pub fn classify(&self, points: &[f32]) -> Result<Vec<usize>, Error> {
        let assigned = self.assign(points, &|_| {})?;
        Ok(assigned.into_iter().map(|assignment| assignment.class).collect())
    }

    /// Agreement with the network and accuracy on labelled points; `predicted` holds the network's
    /// own classes. `progress` is told how many pairs of point and term were looked at.
    ///
    /// # Errors
    /// Points of another shape; damaged shards.
    pub fn evaluate(
        &self,
        source: &dyn PointSource,
        predicted: &[usize],
        progress: &dyn Fn(usize),
    ) -> Result<Evaluation, Error> {
        if predicted.len() != source.len() {
            return Err(Error::shape("predicted classes", predicted.len(), source.len()));
        }
        let mut evaluation =
            Evaluation { points: 0, agreeing: 0, correct: 0, network_correct: 0, straight: 0 };
        while evaluation.points < source.len() {
            let start = evaluation.points;
            let end = source.len().min(start + self.points_at_a_time());
            let done = start * self.store.len();
            let report = |terms: usize| progress(done + (end - start) * terms);
            for assignment in self.assign(&source.read(start..end), &report)? {
                let point = evaluation.points;
                let label = source.label(point);
                evaluation.points += 1;
                evaluation.agreeing += usize::from(assignment.class == predicted[point]);
                evaluation.correct += usize::from(assignment.class == label);
                evaluation.network_correct += usize::from(predicted[point] == label);
                evaluation.straight += usize::from(assignment.is_straight());
            }
        }
        Ok(evaluation)
    }

    /// Whether the terms of chosen points, given by position, are maximal at the points themselves.
    pub(crate) fn dominance(
        &self,
        source: &dyn PointSource,
        chosen: &[usize],
        progress: &dyn Fn(usize),
    ) -> Result<Dominance, Error> {
        let tolerance = 32.0 * self.placement.precision().epsilon();
        let mut dominance = Dominance { checked: 0, dominant: 0, largest_gap: 0.0, tolerance };
        for chosen in chosen.chunks(self.points_at_a_time()) {
            let points: Vec<f32> =
                chosen.iter().flat_map(|&point| source.read(point..point + 1)).collect();
            let (winners, own) = self.scan(&points, Some(chosen), progress)?;
            for (winner, own) in winners.iter().zip(own) {
                let gap = own.gap(winner);
                dominance.checked += 1;
                dominance.dominant += usize::from(gap <= tolerance);
                dominance.largest_gap = dominance.largest_gap.max(gap);
            }
        }
        Ok(dominance)
    }

    fn points_at_a_time(&self) -> usize {
        let row = self.store.manifest().terms.features() * self.placement.precision().bytes();
        (POINT_BYTES / row).max(1)
    }

    /// The winners at points, and the values of the points' own terms where `own` says which these
    /// are.
    fn scan(
        &self,
        points: &[f32],
        own: Option<&[usize]>,
        progress: &dyn Fn(usize),
    ) -> Result<(Vec<Assignment>, Vec<Own>), Error> {
        let features = self.store.manifest().terms.features();
        if points.is_empty() || !points.len().is_multiple_of(features) {
            let expected = format!("a multiple of {features}, and at least that");
            return Err(Error::shape("values of the points", points.len(), expected));
        }
        let mut race = Race::new(points, features, &self.placement);
        let mut values = vec![Own::default(); own.map_or(0, <[usize]>::len)];
        for shard in self.store.shards() {
            let shard = shard?;
            race.enter(&shard);
            for (slot, &position) in own.unwrap_or_default().iter().enumerate() {
                let term = position.checked_sub(shard.first).filter(|&term| term < shard.len());
                if let Some(term) = term {
                    values[slot] = Own::of(&shard, term, &points[slot * features..][..features]);
                }
            }
            progress(shard.first + shard.len());
        }
        Ok((race.into_winners(), values))
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
    fn gap(&self, winner: &Assignment) -> f64 {
        let positive = winner.positive_value - self.positive;
        let negative = winner.negative_value - self.negative;
        positive.max(negative).max(0.0) / self.size.max(f64::MIN_POSITIVE)
    }
}
