//! Progress over the stages of a partition.

use std::cell::Cell;
use std::ops::ControlFlow;

use tropex_extract::Network;

use super::subdivision::SliceProgress;
use crate::PiecewiseNodes;

/// Share of the affine maps in the second half of the progress; measured on convolutional networks.
const MAPPED: f64 = 0.3;

/// Progress over all stages: every unit cuts, and later the regions are mapped and compared, which
/// counts as much.
pub(super) struct PartitionProgress<'a> {
    units: usize,
    last: Cell<SliceProgress>,
    progress: &'a dyn Fn(SliceProgress) -> ControlFlow<()>,
}

impl<'a> PartitionProgress<'a> {
    pub(super) fn new(
        network: &Network,
        progress: &'a dyn Fn(SliceProgress) -> ControlFlow<()>,
    ) -> Self {
        let units = PiecewiseNodes::of(network).units();
        let last = SliceProgress { done: 0, units: 2 * units, regions: 1 };
        Self { units, last: Cell::new(last), progress }
    }

    fn show(&self, done: usize, regions: usize) -> ControlFlow<()> {
        let units = 2 * self.units;
        self.last.set(SliceProgress { done: done.min(units), units, regions });
        self.repeat()
    }

    /// Calls the function again, so that it can cancel the work.
    pub(super) fn repeat(&self) -> ControlFlow<()> {
        (self.progress)(self.last.get())
    }

    /// Receives the progress of the subdivision.
    pub(super) fn cut(
        &self,
        SliceProgress { done, regions, .. }: SliceProgress,
    ) -> ControlFlow<()> {
        self.show(done, regions)
    }

    /// Receives the share of regions whose affine maps are known.
    pub(super) fn mapped(&self, share: f64) -> ControlFlow<()> {
        self.second_half(MAPPED * share)
    }

    /// Receives the share of maps that are compared.
    pub(super) fn compared(&self, share: f64) -> ControlFlow<()> {
        self.second_half(MAPPED + (1.0 - MAPPED) * share)
    }

    fn second_half(&self, share: f64) -> ControlFlow<()> {
        self.show(self.units + (share * self.units as f64) as usize, self.last.get().regions)
    }
}
