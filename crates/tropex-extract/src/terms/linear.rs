//! Linear terms without negative terms: the affine function of the network around each point.

use burn::tensor::{Element, ElementConversion, TensorData};
use rayon::prelude::*;
use tropex_kernels::read;

use super::Classes;
use super::functions::AffineFunctions;
use super::prediction::Prediction;
use super::pullback::Pullback;
use crate::network::Trace;
use crate::{Error, Network, Precision};

/// The linear terms of points, for one class or all classes. The linear term of a class is the
/// affine function that equals its logit in the linear region of the point: the gradient and the
/// bias.
///
/// An [`Extractor`](crate::Extractor) also finds the negative terms, at about twice the cost.
#[derive(Clone, Debug)]
pub struct LinearTerms {
    /// The batches, each with the number of points before it.
    parts: Vec<(usize, LinearBatch)>,
    predicted: Vec<usize>,
}

/// The linear terms of points that are pulled back together.
#[derive(Clone, Debug)]
struct LinearBatch {
    /// `per_point * points` rows, class by class.
    rows: AffineFunctions,
    logits: Vec<f64>,
    predicted: Vec<usize>,
}

impl Network {
    /// The linear terms of points, found by one replay and one pullback. All terms are held in
    /// memory. On `flex` every thread processes a chunk of points; other devices process all points
    /// at once.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Example
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
    /// No points, or a number of values that is not a multiple of the features; a class that the
    /// network does not have; a coefficient that is not finite; a device that fails.
    pub fn linear_terms<E: Element>(
        &self,
        points: &[E],
        classes: Classes,
    ) -> Result<LinearTerms, Error> {
        classes.check(self)?;
        let all = self.count(points)?;
        let groups = classes.per_point(self.classes());
        // If points are pulled back in smaller batches than they are replayed in, the replay needs
        // memory for one row per point only.
        let is_divided = self.points_per_pullback(all, groups) < all;
        let rows = if is_divided { 1 } else { groups };
        let size = self.points_per_chunk(all, rows);
        let part = |points: &[E]| self.pull_back_in_batches(points, classes);
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

    /// Replays points together and pulls them back in batches.
    fn pull_back_in_batches<E: Element>(
        &self,
        points: &[E],
        classes: Classes,
    ) -> Result<Vec<LinearBatch>, Error> {
        let trace = self.replay(self.tensor(points)?);
        let groups = classes.per_point(self.classes());
        let size = self.points_per_pullback(trace.points(), groups);
        let parts = (0..trace.points()).step_by(size).map(|first| {
            let points = first..trace.points().min(first + size);
            LinearBatch::new(self, &trace.of_points(points), classes)
        });
        parts.collect()
    }
}

impl LinearBatch {
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

    /// Number of input features of a point.
    pub fn features(&self) -> usize {
        self.parts[0].1.rows.features()
    }

    /// Number of terms per point: 1, or the number of classes.
    pub fn per_point(&self) -> usize {
        self.parts[0].1.logits.len() / self.parts[0].1.len()
    }

    /// Floating-point format of the coefficients.
    pub fn precision(&self) -> Precision {
        self.parts[0].1.rows.precision()
    }

    /// The class that the network predicts at every point, `[points]`.
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// The network's logit that a term represents. `class` is the class if there are terms of all
    /// classes, and 0 otherwise.
    pub fn logit(&self, point: usize, class: usize) -> f64 {
        let (part, row) = self.locate(point, class);
        part.logits[row]
    }

    /// Coefficients `[features]` and bias of a term. `class` is the class if there are terms of all
    /// classes, and 0 otherwise.
    pub fn term(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let (part, row) = self.locate(point, class);
        part.rows.row(row)
    }

    /// The coefficients of one term per point, `[points, features]`. `class` is the class if there
    /// are terms of all classes, and 0 otherwise.
    pub fn coefficients(&self, class: usize) -> TensorData {
        let rows = |part: &LinearBatch| class * part.len()..(class + 1) * part.len();
        let parts: Vec<_> = self.parts.iter().map(|(_, part)| (&part.rows, rows(part))).collect();
        AffineFunctions::stacked(&parts)
    }

    /// Copies all terms in the order of the points.
    ///
    /// # Shapes
    /// - `coefficients`: `[points, per_point, features]`, row by row
    /// - `biases`: `[points, per_point]`, row by row
    ///
    /// # Errors
    /// Arrays of other lengths.
    pub fn copy_to<E: Element>(
        &self,
        coefficients: &mut [E],
        biases: &mut [E],
    ) -> Result<(), Error> {
        let (terms, features) = (self.len() * self.per_point(), self.features());
        for (what, found, expected) in [
            ("coefficients to write", coefficients.len(), terms * features),
            ("biases to write", biases.len(), terms),
        ] {
            if found != expected {
                return Err(Error::shape(what, found, expected));
            }
        }
        let rows = coefficients.par_chunks_mut(self.per_point() * features);
        let points = rows.zip(biases.par_chunks_mut(self.per_point())).enumerate();
        points.for_each(|(point, (rows, biases))| {
            let terms = rows.chunks_exact_mut(features).zip(biases).enumerate();
            for (class, (row, bias)) in terms {
                let (part, index) = self.locate(point, class);
                *bias = part.rows.copy_row(index, row).elem();
            }
        });
        Ok(())
    }

    /// The batch that holds a term, and the row of the term in the batch.
    fn locate(&self, point: usize, class: usize) -> (&LinearBatch, usize) {
        let part = self.parts.partition_point(|&(first, _)| first <= point) - 1;
        let (first, part) = &self.parts[part];
        (part, class * part.len() + point - first)
    }
}
