//! The calibrated gauge: a search for the smallest sufficient factor of the tight shifts.
//!
//! A trial extracts the terms under one [`ShiftScale`] and compares them at selected points. The
//! search is a bisection over the scales. Its state is stored in a file until the extraction is
//! finished, so that an interrupted search continues after its last trial.

use std::ops::Range;

use tropex_kernels::WorkerPool;

use crate::function::OwnTermSearch;
use crate::gauge::tight::{Read, SpillBuffer, StageProgress, TightPullback};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::terms::TermTable;
use crate::{ComputeTarget, Error, Extractor, Precision};

/// Bisection for the smallest scale under which the terms of selected points are maximal at them.
///
/// Bisection assumes that every larger scale suffices if a scale suffices. This is not guaranteed,
/// and the selected points are a sample; the result must be checked at all points.
pub(crate) struct Calibration<'a> {
    pub(crate) extractor: &'a Extractor,
    pub(crate) batches: &'a [Range<usize>],
    pub(crate) read: &'a Read<'a>,
    /// Makes the buffer for the rows of a trial.
    pub(crate) buffer: &'a dyn Fn() -> SpillBuffer,
    /// Positions of the selected points.
    pub(crate) chosen: &'a [usize],
    /// The selected points, `[chosen, features]`.
    pub(crate) points: &'a [f32],
    /// The trials of an interrupted search.
    pub(crate) trials: Trials,
    /// Called with the results so far after every trial.
    pub(crate) after_trial: &'a dyn Fn(Trials) -> Result<(), Error>,
}

/// The results of the trials of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trials {
    /// The smallest scale that was found to suffice at the selected points.
    pub(crate) sufficient: ShiftScale,
    /// The largest scale that was found not to suffice.
    pub(crate) refuted: ShiftScale,
    /// Number of finished trials.
    pub(crate) count: usize,
}

impl Trials {
    /// The state before the first trial.
    pub(crate) const START: Self =
        Self { sufficient: ShiftScale::FULL, refuted: ShiftScale::BELOW_SMALLEST, count: 0 };
}

/// Progress of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CalibrationProgress {
    /// A trial begins.
    Trial {
        /// The trial, counted from 1.
        trial: usize,
        /// Largest number of trials.
        of: usize,
    },
    /// Points have passed a stage.
    StageProgress(StageProgress),
    /// The terms of this number of points were compared.
    Compared(usize),
}

impl Calibration<'_> {
    /// The shifts under the smallest scale that was found to suffice.
    pub(crate) fn run(&self, progress: &dyn Fn(CalibrationProgress)) -> Result<Shifts, Error> {
        let device = self.extractor.network().target().device();
        let target = ComputeTarget::new(device, Precision::F32)?;
        let mut trials = self.trials;
        let (mut found, of) = (None, trials.count + trials.sufficient.max_trials(trials.refuted));
        while let Some(scale) = trials.sufficient.midpoint(trials.refuted) {
            trials.count += 1;
            progress(CalibrationProgress::Trial { trial: trials.count, of });
            match self.run_trial(scale, &target, progress)? {
                Some(shifts) => (trials.sufficient, found) = (scale, Some(shifts)),
                None => trials.refuted = scale,
            }
            (self.after_trial)(trials)?;
        }
        match found {
            Some(shifts) => Ok(shifts),
            // A resumed search does not have the shifts of earlier trials, and the full scale was
            // not tried.
            None => Ok(self.pull_back(trials.sufficient, progress)?.shifts().clone()),
        }
    }

    fn pull_back(
        &self,
        scale: ShiftScale,
        progress: &dyn Fn(CalibrationProgress),
    ) -> Result<TightPullback, Error> {
        let passed = |passed| progress(CalibrationProgress::StageProgress(passed));
        let gauge = (Gauge::Calibrated, scale);
        let specs = self.extractor.specs();
        TightPullback::new(&specs, gauge, self.batches, self.read, (self.buffer)(), &passed)
    }

    /// The shifts under a scale, or `None` if the scale does not suffice.
    fn run_trial(
        &self,
        scale: ShiftScale,
        target: &ComputeTarget,
        progress: &dyn Fn(CalibrationProgress),
    ) -> Result<Option<Shifts>, Error> {
        let walk = self.pull_back(scale, progress)?;
        let network = self.extractor.network();
        let mut search = OwnTermSearch::new(self.points, self.chosen, network.features(), target)?;
        let extractor = self.extractor.with_found_shifts(walk.shifts())?;
        let pool = WorkerPool { workers: &extractor.workers(), waiting: 1 };
        let work = |extractor: &&Extractor, batch: Range<usize>| {
            let (spec, shifts) = (extractor.spec(), extractor.shifts().unwrap_or(walk.shifts()));
            let terms = spec.on_batch(|| walk.take(spec, shifts, batch.start))?;
            Ok((batch, terms))
        };
        pool.run(self.batches.iter().cloned(), work, |(batch, terms)| {
            search.add_table(&TermTable::of(&terms, batch.start, extractor.classes()));
            progress(CalibrationProgress::Compared(batch.end));
            Ok::<_, Error>(())
        })?;
        let precision = network.target().precision();
        let suffices = search.gaps().iter().all(|gap| !gap.is_open(precision));
        Ok(suffices.then(|| walk.shifts().clone()))
    }
}
