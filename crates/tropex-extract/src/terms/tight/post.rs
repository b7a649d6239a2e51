//! A device that takes batches through the stages.

use burn::tensor::Device;

use super::Scale;
use super::stages::Stage;
use crate::Error;
use crate::crew::Worker;
use crate::network::ValueId;
use crate::terms::{Extractor, Shifts};

/// A device in the middle of a walk.
pub(super) struct Post<'a> {
    pub(super) extractor: &'a Extractor,
    /// Those that are known by now, on the device.
    pub(super) shifts: Shifts,
}

impl<'a> Post<'a> {
    pub(super) fn new(extractor: &'a Extractor, scale: Scale) -> Self {
        let shifts = Shifts::starting_at(extractor.gauge(), extractor.network(), 0.0);
        Self { extractor, shifts: shifts.scaled(scale) }
    }

    /// Sets the shift at the end of a stage that all batches passed. `lowest` are the smallest
    /// coefficients that arrived there, feature by feature.
    pub(super) fn close(&mut self, stage: &Stage, lowest: &[f64]) -> Result<(), Error> {
        // At the input a shift changes nothing but signs.
        let scale = if stage.end == ValueId::INPUT { 1.0 } else { self.shifts.scale() };
        let shift = lowest.iter().map(|lowest| scale * (-lowest).max(0.0)).collect();
        self.shifts.set(stage.end, shift, self.extractor.network())
    }
}

impl Worker for Post<'_> {
    fn device(&self) -> &Device {
        self.extractor.network().placement().device()
    }
}
