//! Linear terms in memory.

use tropex_extract::function::Assignment;
use tropex_extract::terms::TermTable;
use tropex_extract::{Classes, Network, PointSource};

use crate::Error;
use crate::statistics::Rows;

/// Points whose terms are extracted together.
const BATCH: usize = 128;

/// Linear terms of points, for the class that is predicted there.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearTerms {
    features: usize,
    coefficients: Vec<f32>,
    bias: Vec<f64>,
    class: Vec<usize>,
}

impl LinearTerms {
    fn with_room(features: usize, points: usize) -> Self {
        Self {
            features,
            coefficients: Vec::with_capacity(points * features),
            bias: Vec::with_capacity(points),
            class: Vec::with_capacity(points),
        }
    }

    /// The terms of all points for the class that is predicted there; `progress` is told how many are done.
    ///
    /// # Errors
    /// Points of another shape; coefficients that are not finite.
    pub fn extract(
        network: &Network,
        points: &dyn PointSource,
        progress: &dyn Fn(usize),
    ) -> Result<Self, Error> {
        let mut all = Self::with_room(points.features(), points.len());
        for start in (0..points.len()).step_by(BATCH) {
            let end = points.len().min(start + BATCH);
            let terms = network.linear_terms(&points.read(start..end), Classes::Predicted)?;
            for (point, &class) in terms.predicted().iter().enumerate() {
                let (coefficients, bias) = terms.term(point, 0);
                all.push(coefficients.into_iter().map(|value| value as f32), bias, class);
            }
            progress(end);
        }
        Ok(all)
    }

    /// The linear terms of winners: of every winning positive term the linear one that it is made
    /// from. `shards` are those of the store, in order.
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

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.class.is_empty()
    }

    /// The coefficients, a row for every term.
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(&self.coefficients, self.features)
    }

    /// The biases.
    pub fn biases(&self) -> &[f64] {
        &self.bias
    }

    /// The class that every term stands for.
    pub fn classes(&self) -> &[usize] {
        &self.class
    }
}
