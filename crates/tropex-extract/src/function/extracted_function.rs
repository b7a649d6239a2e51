//! The extracted function: maxima over the extracted terms.

use std::ops::ControlFlow;

use burn::tensor::Device;
use tropex_kernels::Cancelled;

use super::evaluation::Evaluation;
use super::ranking::{Assignment, Ranking};
use super::top_k_search::{BlockSizes, SearchRequest, TopKSearch};
use crate::{ComputeTarget, Error, PointSource, Precision, TermStore};

/// The function `N^X = F^X - G^X`: per class a maximum of positive terms, minus a maximum of
/// negative terms. It reads the terms from a store, shard by shard.
///
/// # Guarantee
/// A stored term is the affine function whose coefficients and bias are exactly the stored numbers;
/// a positive term is the sum of a linear and a negative term. The winning term at a point is the
/// winner in exact arithmetic; the lowest position in the store wins a tie. Values are the `f64`
/// numbers nearest to the exact values. Results therefore do not depend on the device, the batch
/// sizes or the division into shards.
///
/// # Method
/// Products in `f32` give the value of every term up to a rounding bound. Terms that may still win
/// are evaluated in `f64`, with a smaller bound. Terms that remain undecided are evaluated exactly.
/// [`Ranking::work`] counts the evaluations.
#[derive(Debug)]
pub struct ExtractedFunction<'a> {
    pub(super) store: &'a TermStore,
    /// The target of every device.
    pub(super) targets: Vec<ComputeTarget>,
}

impl<'a> ExtractedFunction<'a> {
    /// The function of a store, with products on one device.
    ///
    /// # Errors
    /// A device that does not support `f32`.
    pub fn new(store: &'a TermStore, device: &Device) -> Result<Self, Error> {
        Ok(Self { store, targets: vec![ComputeTarget::new(device, Precision::F32)?] })
    }

    /// Distributes the sets of points of [`stream`](Self::stream) and of the methods based on it
    /// over further devices. A free device takes the next set. The device of the function may be
    /// listed again.
    ///
    /// # Errors
    /// A device that does not support `f32`.
    pub fn share_with(mut self, devices: &[Device]) -> Result<Self, Error> {
        for device in devices {
            self.targets.push(ComputeTarget::new(device, Precision::F32)?);
        }
        Ok(self)
    }

    /// The winning terms at points. The matrix of all points by all terms is never formed.
    /// `progress` receives the number of compared terms.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// A number of values that is not a multiple of the features; a value that is not finite; a
    /// damaged shard; [`Error::Cancelled`].
    pub fn assign(
        &self,
        points: &[f32],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Vec<Assignment>, Error> {
        Ok(self.ranking(points, 1, None, progress)?.assignments)
    }

    /// The winning terms at points and the `top` largest positive terms.
    ///
    /// `without` excludes the terms of one position in the store at every point. At a data point
    /// without its own terms, the function has to generalize.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    /// - `without`: `[points]`
    ///
    /// # Errors
    /// A number of values that is not a multiple of the features; a value that is not finite; `top`
    /// equal to 0; a position outside the store; an exclusion from a store of one point; a damaged
    /// shard; [`Error::Cancelled`].
    pub fn ranking(
        &self,
        points: &[f32],
        top: usize,
        without: Option<&[usize]>,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Ranking, Error> {
        let request = SearchRequest { top, without };
        self.ranking_on(&self.targets[0], points, request, progress)
    }

    pub(super) fn ranking_on(
        &self,
        target: &ComputeTarget,
        points: &[f32],
        request: SearchRequest<'_>,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Ranking, Error> {
        self.check(points, request)?;
        let features = self.features();
        let mut search = TopKSearch::new(points, features, request, BlockSizes::default(), target)?;
        self.store.visit(|table| {
            search.add_table(table);
            Ok(Cancelled::check(progress(table.first + table.len()))?)
        })?;
        Ok(search.ranking())
    }

    fn check(
        &self,
        points: &[f32],
        SearchRequest { top, without }: SearchRequest<'_>,
    ) -> Result<(), Error> {
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

    /// The class of the extracted function at points.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// The errors of [`ExtractedFunction::assign`].
    pub fn classify(&self, points: &[f32]) -> Result<Vec<usize>, Error> {
        let assigned = self.assign(points, &|_| ControlFlow::Continue(()))?;
        Ok(assigned.into_iter().map(|assignment| assignment.class).collect())
    }

    /// Agreement with the network and accuracy on labelled points. `predicted` holds the class that
    /// the network predicts at each point, `[points]`. `progress` receives the number of compared
    /// pairs of a point and a term.
    ///
    /// # Errors
    /// A number of predicted classes other than the number of points; points of another shape; a
    /// damaged shard; [`Error::Cancelled`].
    pub fn evaluate(
        &self,
        source: &dyn PointSource,
        predicted: &[usize],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Evaluation, Error> {
        if predicted.len() != source.len() {
            return Err(Error::shape("predicted classes", predicted.len(), source.len()));
        }
        let mut evaluation = Evaluation::default();
        self.stream(source, 1, progress, &mut |ranking| {
            evaluation = evaluation.with(&ranking, source, predicted);
        })?;
        Ok(evaluation)
    }
}
