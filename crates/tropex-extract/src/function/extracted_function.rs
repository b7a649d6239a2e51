//! The extracted function: the maxima over the extracted terms only.

use burn::tensor::Device;

use super::evaluation::Evaluation;
use super::ranking::{Assignment, Ranking};
use super::top_k_search::{Blocks, Rules, TopKSearch};
use crate::{ComputeTarget, Error, PointSource, Precision, TermStore};

/// `N^X = F^X - G^X` with one maximum of positive terms per class and one of negative terms, read
/// from a store shard by shard.
///
/// # The contract
/// A stored term stands for the affine function with exactly the stored numbers as coefficients
/// and bias; a positive term is the sum of two. Which term wins at a point is decided as in exact
/// arithmetic on these numbers and the point's, ties by the lowest position in the store, and
/// values are the `f64` nearest to the exact ones. So the outcome depends neither on the device,
/// nor on how many points and terms are looked at together, nor on the shards.
///
/// # How it is kept
/// Products in f32 give every term's value up to a bound on their rounding. Only terms that this
/// bound does not rule out are computed again in f64, with a bound of its own, and what even this
/// leaves open is computed exactly. [`Ranking::work`] says how often that was.
#[derive(Debug)]
pub struct ExtractedFunction<'a> {
    pub(super) store: &'a TermStore,
    /// One for each device.
    pub(super) targets: Vec<ComputeTarget>,
}

impl<'a> ExtractedFunction<'a> {
    /// The function of a store, with its products on a device.
    ///
    /// # Errors
    /// A device without f32.
    pub fn new(store: &'a TermStore, device: &Device) -> Result<Self, Error> {
        Ok(Self { store, targets: vec![ComputeTarget::new(device, Precision::F32)?] })
    }

    /// Lets further devices take part in [`stream`](Self::stream) and what is built on it: whichever
    /// is free takes the next set of points. The device of the function may be named again.
    ///
    /// # Errors
    /// A device without f32.
    pub fn share_with(mut self, devices: &[Device]) -> Result<Self, Error> {
        for device in devices {
            self.targets.push(ComputeTarget::new(device, Precision::F32)?);
        }
        Ok(self)
    }

    /// The winning terms at points `[points, features]`, given row by row. No matrix of all points
    /// by all terms is ever made; `progress` is told how many terms were looked at.
    ///
    /// # Errors
    /// Values that are not whole points, or not finite; damaged shards.
    pub fn assign(
        &self,
        points: &[f32],
        progress: &dyn Fn(usize),
    ) -> Result<Vec<Assignment>, Error> {
        Ok(self.ranking(points, 1, None, progress)?.assignments)
    }

    /// The winning terms at points `[points, features]`, and the `top` best positive terms.
    ///
    /// `without` leaves out, at every point, the terms of one position in the store, given point
    /// by point: at a data point without its own terms the function has to generalize.
    ///
    /// # Errors
    /// Values that are not whole points, or not finite; none wanted; positions that are not in the
    /// store, or the only one there; damaged shards.
    pub fn ranking(
        &self,
        points: &[f32],
        top: usize,
        without: Option<&[usize]>,
        progress: &dyn Fn(usize),
    ) -> Result<Ranking, Error> {
        let rules = Rules { top, without };
        self.ranking_on(&self.targets[0], points, rules, progress)
    }

    pub(super) fn ranking_on(
        &self,
        target: &ComputeTarget,
        points: &[f32],
        rules: Rules<'_>,
        progress: &dyn Fn(usize),
    ) -> Result<Ranking, Error> {
        self.check(points, rules)?;
        let features = self.features();
        let mut search = TopKSearch::new(points, features, rules, Blocks::default(), target)?;
        self.store.visit(|table| {
            search.compare(table);
            progress(table.first + table.len());
        })?;
        Ok(search.ranking())
    }

    fn check(&self, points: &[f32], Rules { top, without }: Rules<'_>) -> Result<(), Error> {
        let features = self.features();
        if points.is_empty() || !points.len().is_multiple_of(features) {
            let expected = format!("a multiple of {features}, and at least that");
            return Err(Error::shape("values of the points", points.len(), expected));
        }
        if top == 0 {
            return Err(Error::shape("terms wanted at every point", 0, "at least one"));
        }
        let Some(without) = without else { return Ok(()) };
        let (count, terms) = (points.len() / features, self.store.len());
        if without.len() != count {
            return Err(Error::shape("positions left out", without.len(), count));
        }
        if terms == 1 {
            return Err(Error::shape("points in the store", 1, "two, to leave one out"));
        }
        match without.iter().find(|&&position| position >= terms) {
            None => Ok(()),
            Some(position) => {
                Err(Error::shape("position left out", position, format!("less than {terms}")))
            }
        }
    }

    pub(super) fn features(&self) -> usize {
        self.store.manifest().terms.features()
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
        let mut evaluation = Evaluation::default();
        self.stream(source, 1, progress, &mut |ranking| {
            evaluation.work = evaluation.work.with(ranking.work);
            for assignment in ranking.assignments {
                let point = evaluation.points;
                let label = source.label(point);
                evaluation.points += 1;
                evaluation.agreeing += usize::from(assignment.class == predicted[point]);
                evaluation.correct += usize::from(assignment.class == label);
                evaluation.network_correct += usize::from(predicted[point] == label);
                evaluation.straight += usize::from(assignment.is_straight());
            }
        })?;
        Ok(evaluation)
    }
}
