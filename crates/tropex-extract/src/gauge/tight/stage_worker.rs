//! A device that takes batches through the stages.

use burn::tensor::Device;
use tropex_kernels::Worker;

use super::stages::Stage;
use crate::Error;
use crate::gauge::{Gauge, Scale, Shifts};
use crate::network::ValueId;
use crate::terms::TermSpec;

/// A device, and the shifts that are known so far.
#[derive(Clone)]
pub(super) struct StageWorker<'a> {
    pub(super) spec: &'a TermSpec,
    /// On the device.
    pub(super) shifts: Shifts,
}

impl<'a> StageWorker<'a> {
    pub(super) fn new(spec: &'a TermSpec, gauge: Gauge, scale: Scale) -> Self {
        let shifts = Shifts::starting_at(gauge, &spec.network, 0.0);
        Self { spec, shifts: shifts.scaled(scale) }
    }

    /// Sets the shift at the end of a stage that all batches have passed, from the smallest coefficients
    /// that arrived there, feature by feature.
    pub(super) fn set_shift(&mut self, stage: &Stage, lowest: &[f64]) -> Result<(), Error> {
        // At the input a shift changes nothing but signs.
        let scale = if stage.end == ValueId::INPUT { 1.0 } else { self.shifts.scale() };
        let shift = lowest.iter().map(|lowest| scale * (-lowest).max(0.0)).collect();
        self.shifts.set(stage.end, shift, &self.spec.network)
    }
}

impl Worker for StageWorker<'_> {
    fn device(&self) -> &Device {
        self.spec.network.target().device()
    }
}
