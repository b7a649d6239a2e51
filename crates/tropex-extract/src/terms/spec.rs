//! The choice of terms: a network and the classes.

use burn::tensor::{Device, Tensor};
use tropex_kernels::{AffineRows, Worker, read, tiling};

use super::functions::AffineFunctions;
use super::prediction::Prediction;
use super::{Classes, Terms};
use crate::{Error, Network};

/// A network on one device and the classes whose terms are extracted.
#[derive(Clone, Debug)]
pub(crate) struct TermSpec {
    pub(crate) network: Network,
    pub(crate) classes: Classes,
}

/// The shifts of an extraction at the logits and at the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndShifts {
    /// Constant that is added to every bias at the logits.
    pub(crate) constant: f64,
    /// Largest coefficient that is added at the input.
    pub(crate) largest_at_input: f64,
}

impl TermSpec {
    /// Number of linear terms per point.
    pub(crate) fn per_point(&self) -> usize {
        self.classes.per_point(self.network.classes())
    }

    /// Seed rows at the logits: the linear rows of the classes, group by group, then the negative
    /// rows. Negative rows start at zero because a negative term is a sum of shifts.
    pub(crate) fn seeds(&self, prediction: &Prediction) -> AffineRows {
        prediction.seeds(&self.network, self.classes, self.per_point() + 1)
    }

    /// The terms with the given coefficients and biases at the input.
    pub(crate) fn terms(
        &self,
        (coefficients, biases): (Tensor<2>, Tensor<2>),
        shifts: EndShifts,
        prediction: Prediction,
    ) -> Result<Terms, Error> {
        let mut biases: Vec<f64> = read(biases)?.iter().collect();
        let negative = biases[self.per_point() * prediction.points()..].iter_mut();
        negative.for_each(|bias| *bias += shifts.constant);
        let logits = prediction.of_terms(self.classes);
        let rows = AffineFunctions::new(read(coefficients)?, biases).finite(&logits)?;
        let terms = Terms::new(rows, logits, prediction.into_predicted());
        Ok(terms.with_largest_shift(shifts.largest_at_input))
    }

    /// Runs the work for one batch on the device.
    pub(crate) fn on_batch<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        tiling::on_batch(self.network.target(), work)
    }

    /// Number of batches that the device processes concurrently.
    pub(crate) fn batches_at_a_time(&self) -> usize {
        tiling::batches_at_a_time(self.network.target())
    }
}

impl Worker for &TermSpec {
    fn device(&self) -> &Device {
        self.network.target().device()
    }
}
