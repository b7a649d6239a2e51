//! The pullback of a part of the points, one stage after the other, with rows that wait outside.
//!
//! Several processes find the shifts of all points together: each pulls its own points through a
//! stage and learns the minimum of all points from the others before the next stage. The steps of
//! a batch are those of [`TightPullback`](super::TightPullback), so the terms are equal.

use std::collections::HashSet;
use std::iter::repeat_n;
use std::ops::{ControlFlow, Range};

use tropex_kernels::{Cancelled, WorkerPool};

use super::batch::TightBatch;
use super::spill_buffer::SpillBuffer;
use super::stage_minimum::{StageMinimum, elementwise_min};
use super::stage_worker::StageWorker;
use super::stages::{PullbackStage, stages};
use super::{Read, start};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::network::ValueId;
use crate::terms::{TermSpec, Terms};
use crate::{Error, Network};

/// Rows of batches between two stages, by the position of the first point of the batch.
pub(crate) trait WaitingRows: Sync {
    /// Whether rows are kept as bytes.
    fn are_bytes(&self) -> bool;

    /// The rows of a batch after the last stage; `None` if they were lost.
    fn read(&self, first: usize) -> Option<WaitingBatch>;

    /// Keeps the rows of a batch for the next stage.
    ///
    /// # Errors
    /// The rows cannot be kept.
    fn write(&self, first: usize, rows: WaitingBatch) -> Result<(), Error>;
}

/// The rows of a batch between two stages.
pub(crate) enum WaitingBatch {
    /// As the content of a file.
    Bytes(Vec<u8>),
    /// As tensors.
    Tensors(Box<TightBatch>),
}

impl WaitingBatch {
    /// The batch of a network; `None` if the bytes are not those of a batch.
    fn into_batch(self, spec: &TermSpec) -> Option<TightBatch> {
        match self {
            Self::Bytes(bytes) => TightBatch::from_bytes(&bytes, spec),
            Self::Tensors(batch) => Some(*batch),
        }
    }
}

/// Finds the tight shifts stage by stage, together with other processes.
pub(crate) struct PartPullback<'a> {
    workers: Vec<StageWorker<'a>>,
    stages: Vec<PullbackStage>,
    /// Number of stages whose shifts are known.
    known: usize,
    /// The constant at the logits, known with the shifts of the first stage.
    constant: f64,
}

impl<'a> PartPullback<'a> {
    /// A pullback before the first stage, on the devices of all specs. The shifts at maxima are
    /// multiplied by `scale` before rows move on.
    pub(crate) fn new(specs: &[&'a TermSpec], (gauge, scale): (Gauge, ShiftScale)) -> Self {
        let workers = specs.iter().flat_map(|&spec| {
            let worker = StageWorker::new(spec, gauge, scale);
            repeat_n(worker, spec.batches_at_a_time())
        });
        let stages = stages(&specs[0].network);
        Self { workers: workers.collect(), stages, known: 0, constant: 0.0 }
    }

    /// Number of stages of a network: the number of its maxima plus 1.
    pub(crate) fn stage_count(network: &Network) -> usize {
        stages(network).len()
    }

    /// Sets the shift at the end of the next stage, from the minimum of all points.
    ///
    /// # Errors
    /// A minimum with another number of features; a shift outside the range of the precision.
    pub(crate) fn set_next(&mut self, minimum: &StageMinimum) -> Result<(), Error> {
        let stage = &self.stages[self.known];
        self.constant = minimum.constant;
        if let Some(lowest) = &minimum.lowest {
            self.workers.iter_mut().try_for_each(|worker| worker.set_shift(stage, lowest))?;
        }
        self.known += 1;
        Ok(())
    }

    /// The shifts on the first device, after all stages.
    pub(crate) fn shifts(&self) -> Shifts {
        self.workers[0].shifts.clone().and_constant(self.constant)
    }

    /// Pulls batches through the first stage whose shift is not known, and returns their minimum.
    /// Rows that were lost are computed from the points. `on_passed` receives the number of points
    /// that have passed.
    pub(crate) fn pass(
        &self,
        batches: &[Range<usize>],
        read: &Read<'_>,
        rows: &dyn WaitingRows,
        on_passed: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<StageMinimum, Error> {
        let stage = &self.stages[self.known];
        let work = |worker: &StageWorker<'_>, span: &Range<usize>| {
            worker.spec.on_batch(|| {
                let buffer = SpillBuffer::in_memory();
                let mut batch = self.arrived(worker, span, read, rows, &buffer)?;
                let lowest = batch.pass(stage, worker, &buffer)?;
                let predicted = batch.predicted().to_vec();
                let waiting = match rows.are_bytes() {
                    true => WaitingBatch::Bytes(batch.into_bytes(&buffer)?),
                    false => WaitingBatch::Tensors(Box::new(batch)),
                };
                rows.write(span.start, waiting)?;
                Ok::<_, Error>((predicted, lowest))
            })
        };
        let (mut lowest, mut classes, mut points) = (None, HashSet::new(), 0);
        let take = |(predicted, of_batch): (Vec<usize>, Option<Vec<f64>>)| {
            lowest = elementwise_min(lowest.take(), of_batch);
            points += predicted.len();
            classes.extend(predicted);
            Cancelled::check(on_passed(points))?;
            Ok::<_, Error>(())
        };
        let pool = WorkerPool { workers: &self.workers, waiting: usize::MAX };
        pool.run(batches.iter(), work, take)?;
        let constant = start(self.workers[0].spec, &classes);
        Ok(StageMinimum { lowest, constant })
    }

    /// A batch whose rows wait for the next stage.
    fn arrived(
        &self,
        worker: &StageWorker<'_>,
        span: &Range<usize>,
        read: &Read<'_>,
        rows: &dyn WaitingRows,
        buffer: &SpillBuffer,
    ) -> Result<TightBatch, Error> {
        let kept = (self.known > 0).then(|| rows.read(span.start)).flatten();
        if let Some(batch) = kept.and_then(|kept| kept.into_batch(worker.spec)) {
            return Ok(batch);
        }
        let mut batch = TightBatch::enter(worker.spec, &read(span.clone())?, buffer)?;
        for stage in &self.stages[..self.known] {
            batch.pass(stage, worker, buffer)?;
        }
        Ok(batch)
    }
}

/// The terms of a batch whose rows have arrived at the input, under shifts on the device of a spec;
/// `None` if the rows are bytes that are not those of a batch.
pub(crate) fn terms_of_rows(
    spec: &TermSpec,
    shifts: &Shifts,
    rows: WaitingBatch,
) -> Option<Result<Terms, Error>> {
    let mut batch = rows.into_batch(spec)?;
    let terms = || {
        let walk = batch.restore(&spec.network, &[ValueId::INPUT], &SpillBuffer::in_memory())?;
        let pulled = walk.finish(shifts.tensor_at(ValueId::INPUT));
        spec.terms(pulled, shifts.at_ends(), batch.into_prediction())
    };
    Some(terms())
}
