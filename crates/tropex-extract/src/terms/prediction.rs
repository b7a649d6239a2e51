//! Logits of points and the predicted classes.

use burn::tensor::TensorData;
use tropex_kernels::{AffineRows, read};

use super::Classes;
use crate::network::{Trace, argmax};
use crate::{Error, Network};

/// The logits of points and the classes with the largest logit.
pub(crate) struct Prediction {
    /// `[points, classes]`
    logits: Vec<f64>,
    predicted: Vec<usize>,
}

impl Prediction {
    pub(crate) fn of(trace: &Trace) -> Result<Self, Error> {
        let logits = trace.logits();
        let [_, classes] = logits.dims();
        let logits: Vec<f64> = read(logits)?.iter().collect();
        let predicted = logits.chunks_exact(classes).map(argmax).collect();
        Ok(Self { logits, predicted })
    }

    /// A prediction with the given logits `[points, classes]` and predicted classes `[points]`.
    pub(crate) fn from_parts(logits: Vec<f64>, predicted: Vec<usize>) -> Self {
        Self { logits, predicted }
    }

    /// The logits `[points, classes]` and the predicted classes `[points]`.
    pub(crate) fn into_parts(self) -> (Vec<f64>, Vec<usize>) {
        (self.logits, self.predicted)
    }

    pub(crate) fn points(&self) -> usize {
        self.predicted.len()
    }

    pub(crate) fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    pub(crate) fn into_predicted(self) -> Vec<usize> {
        self.predicted
    }

    /// The logits of the linear terms, group by group.
    pub(crate) fn of_terms(&self, classes: Classes) -> Vec<f64> {
        let all = self.logits.len() / self.points();
        let slots = 0..classes.per_point(all) * self.points();
        let logit = |slot| {
            let (group, point) = (slot / self.points(), slot % self.points());
            self.logits[point * all + classes.of(group, self.predicted[point])]
        };
        slots.map(logit).collect()
    }

    /// Seed rows at the logits, `groups` rows per point: unit rows of the classes, then rows of
    /// zeros.
    pub(crate) fn seeds(&self, network: &Network, classes: Classes, groups: usize) -> AffineRows {
        let (all, points) = (network.classes(), self.points());
        let mut seeds = vec![0.0_f32; groups * points * all];
        for (slot, seed) in seeds.chunks_exact_mut(all).enumerate() {
            let (group, point) = (slot / points, slot % points);
            if group < classes.per_point(all) {
                seed[classes.of(group, self.predicted[point])] = 1.0;
            }
        }
        let data = TensorData::new(seeds, [groups * points, all]);
        AffineRows::new(network.target().tensor(data), points)
    }
}
