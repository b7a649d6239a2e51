//! The calibrated gauge: a search for the smallest sufficient factor of the tight shifts.
//!
//! A trial extracts the terms under one [`ShiftScale`] and compares them at selected points. The
//! search is a bisection over the scales. Its state is stored in a file until the extraction is
//! finished, so that an interrupted search continues after its last trial.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_kernels::WorkerPool;

use crate::function::OwnTermSearch;
use crate::gauge::tight::{Read, SpillBuffer, StageProgress, TightPullback};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::points::{read, sample};
use crate::store::{TermsHeader, files};
use crate::terms::{DominanceGap, TermTable};
use crate::{ComputeTarget, Error, Extractor, PointSource, Precision};

/// Name of the file with the state of the search.
const FILE: &str = files::SEARCH;

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
    pub(crate) const NONE: Self =
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
    pub(crate) fn find(&self, progress: &dyn Fn(CalibrationProgress)) -> Result<Shifts, Error> {
        let device = self.extractor.network().target().device();
        let target = ComputeTarget::new(device, Precision::F32)?;
        let mut trials = self.trials;
        let (mut found, of) = (None, trials.count + trials.sufficient.max_trials(trials.refuted));
        while let Some(scale) = trials.sufficient.midpoint(trials.refuted) {
            trials.count += 1;
            progress(CalibrationProgress::Trial { trial: trials.count, of });
            match self.try_out(scale, &target, progress)? {
                Some(shifts) => (trials.sufficient, found) = (scale, Some(shifts)),
                None => trials.refuted = scale,
            }
            (self.after_trial)(trials)?;
        }
        match found {
            Some(shifts) => Ok(shifts),
            // A resumed search does not have the shifts of earlier trials, and the full scale was
            // not tried.
            None => Ok(self.walk(trials.sufficient, progress)?.shifts().clone()),
        }
    }

    fn walk(
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
    fn try_out(
        &self,
        scale: ShiftScale,
        target: &ComputeTarget,
        progress: &dyn Fn(CalibrationProgress),
    ) -> Result<Option<Shifts>, Error> {
        let walk = self.walk(scale, progress)?;
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

/// Largest number of refuting points that are added to the selection after a check.
const REFUTING: usize = 1024;

/// More trials than any search needs.
const MOST_TRIALS: usize = 1000;

/// Version of the file.
const FORMAT: u32 = 1;

/// State of the search before shifts are looked for.
#[derive(Clone, Debug)]
pub(super) struct CalibrationState {
    /// Positions of the points at which scales are tried, ascending.
    pub(super) chosen: Vec<usize>,
    /// Results of the trials.
    pub(super) trials: Trials,
    /// Size of the initial selection.
    sampled: usize,
}

/// The state of a search in the file.
#[derive(Serialize, Deserialize)]
struct StateFile {
    format: u32,
    /// The header of the terms.
    terms: TermsHeader,
    /// Size of the initial selection.
    sampled: usize,
    /// Positions of the selected points, ascending.
    chosen: Vec<usize>,
    /// The smallest factor that suffices.
    sufficient: f64,
    /// The largest factor that does not suffice.
    refuted: f64,
    /// Number of finished trials.
    trials: usize,
}

impl CalibrationState {
    /// The state before the first trial, with a representative sample of `count` points.
    pub(super) fn among(source: &dyn PointSource, count: usize) -> Self {
        let chosen = source.sample(count);
        Self { sampled: chosen.len(), chosen, trials: Trials::NONE }
    }

    /// The state of an interrupted search for the header and initial selection, from the file in a
    /// folder; `self` without such a file.
    pub(super) fn resumed(self, folder: &Path, terms: &TermsHeader) -> Self {
        StateFile::read(folder)
            .and_then(|record| record.search(terms, self.sampled))
            .unwrap_or(self)
    }

    /// The number of finished trials of an interrupted search in a folder.
    pub(super) fn trials_in(folder: &Path) -> Option<usize> {
        StateFile::read(folder).map(|record| record.trials)
    }

    /// The state with further results.
    pub(super) fn further(&self, trials: Trials) -> Self {
        Self { trials, ..self.clone() }
    }

    /// Writes the state to its file.
    pub(super) fn write(&self, folder: &Path, terms: &TermsHeader) -> Result<(), Error> {
        let path = folder.join(FILE);
        let record = StateFile {
            format: FORMAT,
            terms: terms.clone(),
            sampled: self.sampled,
            chosen: self.chosen.clone(),
            sufficient: self.trials.sufficient.factor(),
            refuted: self.trials.refuted.factor(),
            trials: self.trials.count,
        };
        let failed = |error: serde_json::Error| Error::io("write", &path)(error.into());
        files::write(&path, &serde_json::to_vec(&record).map_err(failed)?)
    }

    /// Removes the file, if it exists.
    pub(super) fn remove(folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The state for the next search, if the check at all points refuted a scale below 1; `None`
    /// otherwise.
    pub(super) fn after(
        &self,
        scale: ShiftScale,
        gaps: &[DominanceGap],
        precision: Precision,
    ) -> Option<Self> {
        let open = gaps.iter().filter(|gap| gap.is_open(precision));
        let open: Vec<usize> = open.map(|gap| gap.position).collect();
        if open.is_empty() || scale == ShiftScale::FULL {
            return None;
        }
        let refuting = sample(open.len(), REFUTING).into_iter().map(|index| open[index]);
        let mut chosen: Vec<usize> = self.chosen.iter().copied().chain(refuting).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let trials = Trials { refuted: scale, ..Trials::NONE };
        Some(Self { chosen, trials, sampled: self.sampled })
    }

    /// The selected points, `[chosen, features]`.
    pub(super) fn read(&self, source: &dyn PointSource) -> Result<Vec<f32>, Error> {
        let mut points = Vec::with_capacity(self.chosen.len() * source.features());
        for &point in &self.chosen {
            points.extend(read(source, point..point + 1)?);
        }
        Ok(points)
    }
}

impl StateFile {
    /// A file that cannot be read is ignored; its trials are repeated.
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// The state, if the file belongs to the given terms and initial selection.
    fn search(self, terms: &TermsHeader, sampled: usize) -> Option<CalibrationState> {
        let is_same = self.format == FORMAT
            && self.sampled == sampled
            && terms.difference(&self.terms).is_none();
        let ascends = self.chosen.windows(2).all(|pair| pair[0] < pair[1]);
        let counts = self.trials <= MOST_TRIALS;
        let fits = self.chosen.last().is_none_or(|&last| last < terms.points);
        if !(is_same && counts && ascends && fits) {
            return None;
        }
        let trials = Trials {
            sufficient: ShiftScale::of(self.sufficient)?,
            refuted: ShiftScale::of(self.refuted)?,
            count: self.trials,
        };
        Some(CalibrationState { chosen: self.chosen, trials, sampled })
    }
}
