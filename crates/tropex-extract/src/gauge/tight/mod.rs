//! The tight gauge: the smallest shifts that keep the rows of all extracted points non-negative.
//!
//! The shift at a maximum depends on the rows of all points, and it must be known before any row
//! leaves the maximum. The pullback therefore runs stage by stage: all batches pass one
//! [stage](PullbackStage) before the first batch enters the next stage. Between stages, rows and
//! pieces are stored in a [`SpillBuffer`], in memory or on disk. A batch takes the steps of a
//! single pullback in their order, so its terms equal those of a single pullback under the final
//! shifts. Every stage distributes the batches over all devices; a batch may change the device
//! between stages.

mod batch;
mod bundle;
mod free_list;
mod part_pullback;
mod pieces;
mod spill_buffer;
mod stage_minimum;
mod stage_worker;
mod stages;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::collections::{HashMap, HashSet};
use std::iter::repeat_n;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

use tropex_kernels::{Cancelled, WorkerPool};

use super::shifts::constants;
use super::{Gauge, ShiftScale, Shifts};
use crate::Error;
use crate::network::ValueId;
use crate::terms::{TermSpec, Terms};
use batch::TightBatch;
pub(crate) use part_pullback::{PartPullback, WaitingBatch, WaitingRows, terms_of_rows};
pub(crate) use spill_buffer::SpillBuffer;
pub(crate) use stage_minimum::StageMinimum;
use stage_minimum::elementwise_min;
use stage_worker::StageWorker;
use stages::{PullbackStage, stages};

/// Progress of the staged pullback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StageProgress {
    /// Points that have passed the stage.
    pub(crate) points: usize,
    /// The stage, counted from 1.
    pub(crate) stage: usize,
    /// Number of stages.
    pub(crate) stages: usize,
}

/// Reads the points of a range, `[points, features]` row by row.
pub(crate) type Read<'a> = dyn Fn(Range<usize>) -> Result<Vec<f32>, Error> + Sync + 'a;

/// Batches whose rows have arrived at the input, and the shifts found on the way.
pub(crate) struct TightPullback {
    shifts: Shifts,
    buffer: SpillBuffer,
    /// The batches, by the position of their first point.
    batches: Mutex<HashMap<usize, TightBatch>>,
}

/// Finds shifts and terms of points `[points, features]` in memory.
pub(crate) fn in_memory(spec: &TermSpec, points: &[f32]) -> Result<(Shifts, Terms), Error> {
    let all = 0..points.len() / spec.network.features();
    let (batches, read) = (std::slice::from_ref(&all), |_| Ok(points.to_vec()));
    let (gauge, buffer) = ((Gauge::Tight, ShiftScale::FULL), SpillBuffer::in_memory());
    let progress = &|_| ControlFlow::Continue(());
    let walk = TightPullback::new(&[spec], gauge, batches, &read, buffer, progress)?;
    let terms = walk.take(spec, &walk.shifts, 0)?;
    Ok((walk.shifts, terms))
}

impl TightPullback {
    /// Pulls batches of points back to the input, on the devices of all specs. The shifts at maxima
    /// are multiplied by `scale` before rows move on.
    pub(crate) fn new(
        specs: &[&TermSpec],
        (gauge, scale): (Gauge, ShiftScale),
        batches: &[Range<usize>],
        read: &Read<'_>,
        buffer: SpillBuffer,
        progress: &dyn Fn(StageProgress) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let stages = stages(&specs[0].network);
        let workers = specs.iter().flat_map(|&spec| {
            repeat_n(StageWorker::new(spec, gauge, scale), spec.batches_at_a_time())
        });
        let waiting = batches.iter().map(|_| None).collect();
        let mut walk =
            StagedPullback { workers: workers.collect(), batches, waiting, read, buffer };
        for (number, stage) in stages.iter().enumerate() {
            let on_passed = |points| {
                progress(StageProgress { points, stage: number + 1, stages: stages.len() })
            };
            walk.pass(stage, &on_passed)?;
        }
        let StagedPullback { mut workers, waiting, buffer, .. } = walk;
        let arrived: Vec<TightBatch> = waiting.into_iter().flatten().collect();
        let predicted = arrived.iter().flat_map(TightBatch::predicted).copied().collect();
        let constant = start(specs[0], &predicted);
        let shifts = workers.swap_remove(0).shifts.and_constant(constant);
        let batches = batches.iter().map(|span| span.start).zip(arrived).collect();
        Ok(Self { shifts, buffer, batches: Mutex::new(batches) })
    }

    /// The shifts on the first device.
    pub(crate) fn shifts(&self) -> &Shifts {
        &self.shifts
    }

    /// Takes the terms of the batch whose first point is `first`, on the device of a spec. `shifts`
    /// are the shifts of the walk on that device. Every batch can be taken once.
    pub(crate) fn take(
        &self,
        spec: &TermSpec,
        shifts: &Shifts,
        first: usize,
    ) -> Result<Terms, Error> {
        let batch = self.batches.lock().unwrap_or_else(PoisonError::into_inner).remove(&first);
        let mut batch = batch.expect("every batch is taken once");
        let walk = batch.restore(&spec.network, &[ValueId::INPUT], &self.buffer)?;
        let pulled = walk.finish(shifts.tensor_at(ValueId::INPUT));
        spec.terms(pulled, shifts.at_ends(), batch.into_prediction())
    }
}

/// The constant at the logits: the largest `-constant` of the extracted classes, at least 0.
/// `predicted` are the classes that the network predicts at the points.
fn start(spec: &TermSpec, predicted: &HashSet<usize>) -> f64 {
    let constants = constants(&spec.network);
    let classes = (0..spec.per_point()).flat_map(|group| {
        predicted.iter().map(move |&predicted| spec.classes.of(group, predicted))
    });
    classes.fold(0.0, |start, class| start.max(-constants[class]))
}

/// The staged pullback in progress.
struct StagedPullback<'a> {
    workers: Vec<StageWorker<'a>>,
    batches: &'a [Range<usize>],
    /// The batches between two stages, `None` before the first stage.
    waiting: Vec<Option<TightBatch>>,
    read: &'a Read<'a>,
    buffer: SpillBuffer,
}

impl StagedPullback<'_> {
    /// Pulls all batches through a stage and sets the shift at its end. `on_passed` receives the
    /// number of points that have passed.
    fn pass(
        &mut self,
        stage: &PullbackStage,
        on_passed: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let (read, buffer) = (self.read, &self.buffer);
        let work = |worker: &StageWorker<'_>,
                    (span, batch): (&Range<usize>, &mut Option<TightBatch>)| {
            let lowest = worker.spec.on_batch(|| {
                let batch = match batch {
                    Some(batch) => batch,
                    none => {
                        none.insert(TightBatch::enter(worker.spec, &read(span.clone())?, buffer)?)
                    }
                };
                batch.pass(stage, worker, buffer)
            });
            Ok((span.end, lowest?))
        };
        let mut lowest = None;
        let take = |(points, batch_lowest): (usize, Option<Vec<f64>>)| {
            lowest = elementwise_min(lowest.take(), batch_lowest);
            Cancelled::check(on_passed(points))?;
            Ok::<_, Error>(())
        };
        let pool = WorkerPool { workers: &self.workers, waiting: usize::MAX };
        pool.run(self.batches.iter().zip(&mut self.waiting), work, take)?;
        let Some(lowest) = lowest else { return Ok(()) };
        self.workers.iter_mut().try_for_each(|worker| worker.set_shift(stage, &lowest))
    }
}
