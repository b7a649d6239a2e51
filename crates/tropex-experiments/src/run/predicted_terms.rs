//! Linear terms of predicted classes, in memory.

use std::ops::ControlFlow;

use tropex_extract::function::Assignment;
use tropex_extract::terms::TermTable;
use tropex_extract::{Cancelled, Classes, Network, PointSource};

use crate::Error;
use crate::statistics::RowMatrix;

/// Number of points whose terms are extracted in one batch.
const BATCH: usize = 128;

/// The linear term of the predicted class at every point.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictedTerms {
    features: usize,
    coefficients: Vec<f32>,
    bias: Vec<f64>,
    class: Vec<usize>,
}

impl PredictedTerms {
    fn with_capacity(features: usize, points: usize) -> Self {
        Self {
            features,
            coefficients: Vec::with_capacity(points * features),
            bias: Vec::with_capacity(points),
            class: Vec::with_capacity(points),
        }
    }

    /// Extracts the terms of all points. `progress` is called with the number of points that are
    /// done.
    ///
    /// # Errors
    /// Points of another shape; coefficients that are not finite; [`Error::Cancelled`].
    pub fn extract(
        network: &Network,
        points: &dyn PointSource,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let mut all = Self::with_capacity(points.features(), points.len());
        for start in (0..points.len()).step_by(BATCH) {
            let end = points.len().min(start + BATCH);
            let terms = network.linear_terms(&points.read(start..end), Classes::Predicted)?;
            for (point, &class) in terms.predicted().iter().enumerate() {
                let (coefficients, bias) = terms.term(point, 0);
                all.push(coefficients.into_iter().map(|value| value as f32), bias, class);
            }
            Cancelled::check(progress(end))?;
        }
        Ok(all)
    }

    /// The linear term behind the winning positive term at every point. `shards` are all shards of
    /// the store, in order.
    ///
    /// # Errors
    /// Damaged shards.
    pub fn of_winners(
        winners: &[Assignment],
        shards: impl Iterator<Item = Result<TermTable, tropex_extract::Error>>,
        features: usize,
    ) -> Result<Self, Error> {
        let count = winners.len();
        let mut all = Self {
            features,
            coefficients: vec![0.0; count * features],
            bias: vec![0.0; count],
            class: winners.iter().map(|winner| winner.class).collect(),
        };
        for shard in shards {
            let shard = shard?;
            for (index, winner) in winners.iter().enumerate() {
                let Some(term) = winner.positive.checked_sub(shard.first) else { continue };
                if term < shard.len() {
                    let (coefficients, bias) = shard.linear_term(term, winner.class);
                    let places = &mut all.coefficients[index * features..][..features];
                    let pairs = places.iter_mut().zip(coefficients);
                    pairs.for_each(|(place, value)| *place = value as f32);
                    all.bias[index] = bias;
                }
            }
        }
        Ok(all)
    }

    fn push(&mut self, coefficients: impl Iterator<Item = f32>, bias: f64, class: usize) {
        self.coefficients.extend(coefficients);
        self.bias.push(bias);
        self.class.push(class);
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.class.len()
    }

    /// Whether there are no terms.
    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// The coefficients.
    ///
    /// # Shapes
    /// - returns `[terms, features]`
    pub fn rows(&self) -> RowMatrix<'_> {
        RowMatrix::new(&self.coefficients, self.features)
    }

    /// The bias of every term.
    pub fn biases(&self) -> &[f64] {
        &self.bias
    }

    /// The class of every term.
    pub fn classes(&self) -> &[usize] {
        &self.class
    }
}
