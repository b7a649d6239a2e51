//! A worker that pulls batches through the stages on one device.

use burn::tensor::Device;
use tropex_kernels::Worker;

use super::stages::PullbackStage;
use crate::Error;
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::network::ValueId;
use crate::terms::TermSpec;

/// A network on one device and the shifts found so far.
#[derive(Clone)]
pub(super) struct StageWorker<'a> {
    pub(super) spec: &'a TermSpec,
    /// The shifts, on the device.
    pub(super) shifts: Shifts,
}

impl<'a> StageWorker<'a> {
    pub(super) fn new(spec: &'a TermSpec, gauge: Gauge, scale: ShiftScale) -> Self {
        let shifts = Shifts::with_constant(gauge, &spec.network, 0.0);
        Self { spec, shifts: shifts.scaled(scale) }
    }

    /// Sets the shift at the end of a stage that all batches have passed. `lowest` holds the
    /// smallest coefficient of each feature there.
    pub(super) fn set_shift(&mut self, stage: &PullbackStage, lowest: &[f64]) -> Result<(), Error> {
        // The shift at the input is not scaled: it changes only signs of coefficients, not which
        // terms are maximal.
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
