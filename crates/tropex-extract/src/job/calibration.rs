//! The calibrated gauge: a search for the smallest sufficient factor of the tight shifts.
//!
//! A trial extracts the terms under one [`ShiftScale`] and compares them at selected points. The
//! search is a bisection over the scales. Its state is stored in a file until the extraction is
//! finished, so that an interrupted search continues after its last trial.

use std::ops::{ControlFlow, Range};

use tropex_kernels::{Cancelled, WorkerPool};

use crate::function::OwnTermSearch;
use crate::gauge::tight::{Read, SpillBuffer, StageProgress, TightPullback};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::terms::{DominanceGap, TermTable};
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

/// The result of one trial.
pub(crate) enum Trial {
    /// The scale suffices at the selected points. Its shifts.
    Suffices(Shifts),
    /// It does not.
    Refuted,
}

impl Trial {
    /// The result of a trial with these shifts, from what other terms exceed at the selected points.
    pub(crate) fn of(shifts: &Shifts, gaps: &[DominanceGap], precision: Precision) -> Self {
        match gaps.iter().any(|gap| gap.is_open(precision)) {
            true => Self::Refuted,
            false => Self::Suffices(shifts.clone()),
        }
    }
}

/// The trials of a search, in memory or in parts.
pub(crate) trait TryScale {
    /// Tries a scale. `trials` counts this trial, of at most `of`. `None` ends the search.
    fn try_scale(
        &mut self,
        scale: ShiftScale,
        trials: Trials,
        of: usize,
    ) -> Result<Option<Trial>, Error>;

    /// Called with the results so far after every trial.
    fn after_trial(&mut self, _trials: Trials) -> Result<(), Error> {
        Ok(())
    }

    /// The shifts under the smallest scale that suffices, if it was not tried in this search: it is
    /// the full one, or a search was resumed. `None` ends the search.
    fn shifts(&mut self, scale: ShiftScale) -> Result<Option<Shifts>, Error>;
}

impl Trials {
    /// The state before the first trial.
    pub(crate) const START: Self =
        Self { sufficient: ShiftScale::FULL, refuted: ShiftScale::BELOW_SMALLEST, count: 0 };

    /// Largest number of further trials.
    pub(crate) fn left(self) -> usize {
        self.sufficient.max_trials(self.refuted)
    }

    /// Bisection: the shifts under the smallest scale that suffices; `None` if a trial ended the
    /// search.
    pub(crate) fn bisect(mut self, search: &mut dyn TryScale) -> Result<Option<Shifts>, Error> {
        let (mut found, of) = (None, self.count + self.left());
        while let Some(scale) = self.sufficient.midpoint(self.refuted) {
            self.count += 1;
            match search.try_scale(scale, self, of)? {
                Some(Trial::Suffices(shifts)) => (self.sufficient, found) = (scale, Some(shifts)),
                Some(Trial::Refuted) => self.refuted = scale,
                None => return Ok(None),
            }
            search.after_trial(self)?;
        }
        match found {
            Some(shifts) => Ok(Some(shifts)),
            None => search.shifts(self.sufficient),
        }
    }
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
    pub(crate) fn run(
        &self,
        progress: &dyn Fn(CalibrationProgress) -> ControlFlow<()>,
    ) -> Result<Shifts, Error> {
        let device = self.extractor.network().target().device();
        let target = ComputeTarget::new(device, Precision::F32)?;
        let mut search = WholeSearch { calibration: self, target, progress };
        let found = self.trials.bisect(&mut search)?;
        Ok(found.expect("no trial of one process ends the search"))
    }

    fn pull_back(
        &self,
        scale: ShiftScale,
        progress: &dyn Fn(CalibrationProgress) -> ControlFlow<()>,
    ) -> Result<TightPullback, Error> {
        let passed = |passed| progress(CalibrationProgress::StageProgress(passed));
        let gauge = (Gauge::Calibrated, scale);
        let specs = self.extractor.specs();
        TightPullback::new(&specs, gauge, self.batches, self.read, (self.buffer)(), &passed)
    }

    fn run_trial(
        &self,
        scale: ShiftScale,
        target: &ComputeTarget,
        progress: &dyn Fn(CalibrationProgress) -> ControlFlow<()>,
    ) -> Result<Trial, Error> {
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
            Cancelled::check(progress(CalibrationProgress::Compared(batch.end)))?;
            Ok::<_, Error>(())
        })?;
        Ok(Trial::of(walk.shifts(), &search.gaps(), network.target().precision()))
    }
}

/// The search of one process.
struct WholeSearch<'a> {
    calibration: &'a Calibration<'a>,
    /// The target of products in comparisons.
    target: ComputeTarget,
    progress: &'a dyn Fn(CalibrationProgress) -> ControlFlow<()>,
}

impl TryScale for WholeSearch<'_> {
    fn try_scale(
        &mut self,
        scale: ShiftScale,
        trials: Trials,
        of: usize,
    ) -> Result<Option<Trial>, Error> {
        Cancelled::check((self.progress)(CalibrationProgress::Trial { trial: trials.count, of }))?;
        self.calibration.run_trial(scale, &self.target, self.progress).map(Some)
    }

    fn after_trial(&mut self, trials: Trials) -> Result<(), Error> {
        (self.calibration.after_trial)(trials)
    }

    fn shifts(&mut self, scale: ShiftScale) -> Result<Option<Shifts>, Error> {
        Ok(Some(self.calibration.pull_back(scale, self.progress)?.shifts().clone()))
    }
}
