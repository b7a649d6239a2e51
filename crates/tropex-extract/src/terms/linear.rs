//! Linear terms on their own: the affine functions that a network is around points.

use burn::tensor::TensorData;
use rayon::prelude::*;

use super::Classes;
use super::functions::AffineFunctions;
use super::prediction::Prediction;
use super::pullback::Pullback;
use crate::network::Trace;
use crate::{Error, Network, Precision};
use tropex_kernels::read;

/// The linear terms of a batch of points, for one or all classes: the affine function that a logit
/// is in a point's linear region, its gradient and its bias.
///
/// Half the work of an [`Extractor`](super::Extractor), which finds the negative terms besides.
#[derive(Clone, Debug)]
pub struct LinearTerms {
    /// Each with the number of points before it.
    parts: Vec<(usize, Part)>,
    predicted: Vec<usize>,
}

/// The linear terms of some points.
#[derive(Clone, Debug)]
struct Part {
    /// `per_point * points`, group by group.
    rows: AffineFunctions,
    logits: Vec<f64>,
    predicted: Vec<usize>,
}

impl Network {
    /// The linear terms of points `[points, features]`, given row by row: one replay forward, one
    /// pullback. Memory holds all terms; on `flex` every thread takes some of the points at a time,
    /// other devices take all of them at once.
    ///
    /// ```no_run
    /// # fn example(network: &tropex_extract::Network) -> Result<(), tropex_extract::Error> {
    /// let point = vec![0.5; network.features()];
    /// let terms = network.linear_terms(&point, tropex_extract::Classes::Predicted)?;
    /// let (coefficients, bias) = terms.term(0, 0);
    /// let value = coefficients.iter().zip(&point).map(|(a, &x)| a * f64::from(x)).sum::<f64>();
    /// assert!((value + bias - terms.logit(0, 0)).abs() < 1e-3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// No points, or values that are not whole points; a class that the network does not have;
    /// coefficients that are not finite; a device that failed.
    pub fn linear_terms(&self, points: &[f32], classes: Classes) -> Result<LinearTerms, Error> {
        classes.check(self)?;
        let all = self.count(points)?;
        let groups = classes.per_point(self.classes());
        // Where they are pulled back in smaller parts, one row for each is all that is replayed.
        let is_parted = self.points_per_pullback(all, groups) < all;
        let rows = if is_parted { 1 } else { groups };
        let size = self.points_per_chunk(all, rows);
        let part = |points| self.parts_of(points, classes);
        let parts: Vec<_> = match size < all {
            true => {
                let parts = points.par_chunks(size * self.features()).map(part);
                parts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
            }
            false => part(points)?,
        };
        let predicted = parts.iter().flat_map(|part| &part.predicted).copied().collect();
        let mut first = 0;
        let parts = parts.into_iter().map(|part| {
            first += part.len();
            (first - part.len(), part)
        });
        Ok(LinearTerms { parts: parts.collect(), predicted })
    }

    /// Points that are replayed together, and pulled back in parts.
    fn parts_of(&self, points: &[f32], classes: Classes) -> Result<Vec<Part>, Error> {
        let trace = self.replay(self.tensor(points)?);
        let groups = classes.per_point(self.classes());
        let size = self.points_per_pullback(trace.points(), groups);
        let parts = (0..trace.points()).step_by(size).map(|first| {
            let points = first..trace.points().min(first + size);
            Part::new(self, &trace.of_points(points), classes)
        });
        parts.collect()
    }
}

impl Part {
    fn new(network: &Network, trace: &Trace, classes: Classes) -> Result<Self, Error> {
        let prediction = Prediction::of(trace)?;
        let groups = classes.per_point(network.classes());
        let seeds = prediction.seeds(network, classes, groups);
        let mut walk = Pullback::from_logits(network, seeds).masked(trace);
        for index in (0..network.nodes().len()).rev() {
            walk.step(index, trace.piece(index), None);
        }
        let (coefficients, biases) = walk.finish(None);
        let biases = read(biases)?.iter().collect();
        let logits = prediction.of_terms(classes);
        let rows = AffineFunctions::new(read(coefficients)?, biases).finite(&logits)?;
        Ok(Self { rows, logits, predicted: prediction.into_predicted() })
    }

    fn len(&self) -> usize {
        self.predicted.len()
    }
}

impl LinearTerms {
    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // there is at least one point
    pub fn len(&self) -> usize {
        self.predicted.len()
    }

    /// Terms per point: one, or the number of classes.
    pub fn per_point(&self) -> usize {
        self.parts[0].1.logits.len() / self.parts[0].1.len()
    }

    /// Format of the coefficients.
    pub fn precision(&self) -> Precision {
        self.parts[0].1.rows.precision()
    }

    /// The class that the network predicts at every point.
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// The network's own logit for a term. `class` counts the terms of a point: 0 where there is
    /// one, the class itself where there are all.
    pub fn logit(&self, point: usize, class: usize) -> f64 {
        let (part, row) = self.place(point, class);
        part.logits[row]
    }

    /// Coefficients and bias of a term.
    pub fn term(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let (part, row) = self.place(point, class);
        part.rows.row(row)
    }

    /// All coefficients as they were computed, `[points, features]`, of one term of every point: 0
    /// where there is one, the class itself where there are all.
    pub fn coefficients(&self, class: usize) -> TensorData {
        let rows = |part: &Part| class * part.len()..(class + 1) * part.len();
        let parts: Vec<_> = self.parts.iter().map(|(_, part)| (&part.rows, rows(part))).collect();
        AffineFunctions::stacked(&parts)
    }

    /// The part that has a term, and its row there.
    fn place(&self, point: usize, class: usize) -> (&Part, usize) {
        let part = self.parts.partition_point(|&(first, _)| first <= point) - 1;
        let (first, part) = &self.parts[part];
        (part, class * part.len() + point - first)
    }
}
