//! What a network says at points.

use burn::tensor::TensorData;

use super::Classes;
use crate::network::{Trace, argmax};
use crate::read::read;
use crate::rows::Rows;
use crate::{Error, Network};

/// The logits of points, and the classes that they predict.
pub(super) struct Decision {
    /// `[points, classes]`
    logits: Vec<f64>,
    predicted: Vec<usize>,
}

impl Decision {
    pub(super) fn of(trace: &Trace) -> Result<Self, Error> {
        let logits = trace.logits();
        let [_, classes] = logits.dims();
        let logits: Vec<f64> = read(logits)?.iter().collect();
        let predicted = logits.chunks_exact(classes).map(argmax).collect();
        Ok(Self { logits, predicted })
    }

    pub(super) fn points(&self) -> usize {
        self.predicted.len()
    }

    pub(super) fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    pub(super) fn into_predicted(self) -> Vec<usize> {
        self.predicted
    }

    /// The logits that linear rows stand for, group by group.
    pub(super) fn of_terms(&self, classes: Classes) -> Vec<f64> {
        let all = self.logits.len() / self.points();
        let slots = 0..classes.per_point(all) * self.points();
        let logit = |slot| {
            let (group, point) = (slot / self.points(), slot % self.points());
            self.logits[point * all + classes.of(group, self.predicted[point])]
        };
        slots.map(logit).collect()
    }

    /// Rows at the logits in so many groups: those of the classes, then rows of zeros.
    pub(super) fn seeds(&self, network: &Network, classes: Classes, groups: usize) -> Rows {
        let (all, points) = (network.classes(), self.points());
        let mut seeds = vec![0.0_f32; groups * points * all];
        for (slot, seed) in seeds.chunks_exact_mut(all).enumerate() {
            let (group, point) = (slot / points, slot % points);
            if group < classes.per_point(all) {
                seed[classes.of(group, self.predicted[point])] = 1.0;
            }
        }
        let data = TensorData::new(seeds, [groups * points, all]);
        Rows::new(network.placement().tensor(data), points)
    }
}
