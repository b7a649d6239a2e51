//! The calibrated gauge: the search for the smallest multiple of the tight shifts that suffices.
//!
//! A trial extracts the terms under one scale and compares them at chosen points; bisection over the
//! [scales](Scale) halves what is left with every trial. The state of the search is in a file until the
//! extraction is finished, so that an interrupted search goes on after its last trial.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_kernels::WorkerPool;

use crate::function::OwnTermSearch;
use crate::gauge::tight::{Read, SpillBuffer, StageProgress, TightWalk};
use crate::gauge::{Gauge, Scale, Shifts};
use crate::points::{read, sample};
use crate::store::{TermsHeader, files};
use crate::terms::{Gap, TermTable};
use crate::{ComputeTarget, Error, Extractor, PointSource, Precision};

/// Name of the file with the state of the search.
const FILE: &str = files::SEARCH;

/// A search for the smallest scale under which the own terms of chosen points are maximal.
///
/// A larger scale is taken to suffice wherever a smaller one does, which halves what is left with
/// every trial. That is no certainty, nor are the chosen points all there are: what is found is
/// to be checked at all of them.
pub(crate) struct Calibration<'a> {
    pub(crate) extractor: &'a Extractor,
    pub(crate) batches: &'a [Range<usize>],
    pub(crate) read: &'a Read<'a>,
    /// Makes the buffer in which rows wait during a trial.
    pub(crate) buffer: &'a dyn Fn() -> SpillBuffer,
    /// Positions of the chosen points.
    pub(crate) chosen: &'a [usize],
    /// The chosen points, `[chosen, features]`.
    pub(crate) points: &'a [f32],
    /// The trials of an interrupted search.
    pub(crate) trials: Trials,
    /// Receives what is known after every trial.
    pub(crate) after_trial: &'a dyn Fn(Trials) -> Result<(), Error>,
}

/// What the trials of a search have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trials {
    /// The smallest scale that suffices at the chosen points.
    pub(crate) sufficient: Scale,
    /// The largest scale that does not.
    pub(crate) refuted: Scale,
    /// Number of finished trials.
    pub(crate) count: usize,
}

impl Trials {
    /// Before the first trial.
    pub(crate) const NONE: Self = Self { sufficient: Scale::WHOLE, refuted: Scale::NONE, count: 0 };
}

/// The progress of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CalibrationProgress {
    /// A trial begins.
    Trial {
        /// The trial, counted from 1.
        trial: usize,
        /// All trials, or a few more.
        of: usize,
    },
    /// Points passed a stage.
    StageProgress(StageProgress),
    /// The terms of a number of points were compared.
    Compared(usize),
}

impl Calibration<'_> {
    /// The shifts under the smallest scale that was found to suffice.
    pub(crate) fn find(&self, progress: &dyn Fn(CalibrationProgress)) -> Result<Shifts, Error> {
        let device = self.extractor.network().target().device();
        let target = ComputeTarget::new(device, Precision::F32)?;
        let mut trials = self.trials;
        let (mut found, of) = (None, trials.count + trials.sufficient.trials(trials.refuted));
        while let Some(scale) = trials.sufficient.between(trials.refuted) {
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
            // The shifts of an interrupted search are not saved, and the whole ones were never tried.
            None => Ok(self.walk(trials.sufficient, progress)?.shifts().clone()),
        }
    }

    fn walk(
        &self,
        scale: Scale,
        progress: &dyn Fn(CalibrationProgress),
    ) -> Result<TightWalk, Error> {
        let passed = |passed| progress(CalibrationProgress::StageProgress(passed));
        let gauge = (Gauge::Calibrated, scale);
        let specs = self.extractor.specs();
        TightWalk::new(&specs, gauge, self.batches, self.read, (self.buffer)(), &passed)
    }

    /// The shifts under a scale, if it suffices.
    fn try_out(
        &self,
        scale: Scale,
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
            search.compare(&TermTable::of(&terms, batch.start, extractor.classes()));
            progress(CalibrationProgress::Compared(batch.end));
            Ok::<_, Error>(())
        })?;
        let precision = network.target().precision();
        let suffices = search.gaps().iter().all(|gap| !gap.is_open(precision));
        Ok(suffices.then(|| walk.shifts().clone()))
    }
}

/// Points that are chosen at a time, at most, of those that refuted a scale.
const REFUTING: usize = 1024;

/// More trials than any search takes.
const MOST_TRIALS: usize = 1000;

/// Version of the file.
const FORMAT: u32 = 1;

/// What is known of the scale before shifts are looked for.
#[derive(Clone, Debug)]
pub(super) struct CalibrationState {
    /// Positions of the points at which scales are tried out, ascending.
    pub(super) chosen: Vec<usize>,
    /// What trials have shown.
    pub(super) trials: Trials,
    /// How many points were chosen at first.
    sampled: usize,
}

/// A search as it is written.
#[derive(Serialize, Deserialize)]
struct StateFile {
    format: u32,
    /// The terms that it is for.
    terms: TermsHeader,
    /// How many points were chosen at first.
    sampled: usize,
    /// Positions of all that are chosen, ascending.
    chosen: Vec<usize>,
    /// A factor that suffices.
    sufficient: f64,
    /// One that does not.
    refuted: f64,
    /// Finished trials.
    trials: usize,
}

impl CalibrationState {
    /// Nothing: so many points are chosen that stand for all.
    pub(super) fn among(source: &dyn PointSource, count: usize) -> Self {
        let chosen = source.sample(count);
        Self { sampled: chosen.len(), chosen, trials: Trials::NONE }
    }

    /// The search for the scale of the same terms, from the same points, that was interrupted in a
    /// folder; itself where there is none.
    pub(super) fn resumed(self, folder: &Path, terms: &TermsHeader) -> Self {
        StateFile::read(folder)
            .and_then(|record| record.search(terms, self.sampled))
            .unwrap_or(self)
    }

    /// How many trials of an interrupted search are written down in a folder, if one is.
    pub(super) fn trials_in(folder: &Path) -> Option<usize> {
        StateFile::read(folder).map(|record| record.trials)
    }

    /// The same search after more trials.
    pub(super) fn further(&self, trials: Trials) -> Self {
        Self { trials, ..self.clone() }
    }

    /// Writes down what is known.
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

    /// Removes what was written down, if anything was.
    pub(super) fn remove(folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// What remains if a scale did not suffice at all points. None if it did, or if there is
    /// nothing to be done.
    pub(super) fn after(&self, scale: Scale, gaps: &[Gap], precision: Precision) -> Option<Self> {
        let open = gaps.iter().filter(|gap| gap.is_open(precision));
        let open: Vec<usize> = open.map(|gap| gap.position).collect();
        if open.is_empty() || scale == Scale::WHOLE {
            return None;
        }
        let refuting = sample(open.len(), REFUTING).into_iter().map(|index| open[index]);
        let mut chosen: Vec<usize> = self.chosen.iter().copied().chain(refuting).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let trials = Trials { refuted: scale, ..Trials::NONE };
        Some(Self { chosen, trials, sampled: self.sampled })
    }

    /// The chosen points, `[chosen, features]`.
    pub(super) fn read(&self, source: &dyn PointSource) -> Result<Vec<f32>, Error> {
        let mut points = Vec::with_capacity(self.chosen.len() * source.features());
        for &point in &self.chosen {
            points.extend(read(source, point..point + 1)?);
        }
        Ok(points)
    }
}

impl StateFile {
    /// A record that cannot be read is as good as none: its trials are made again.
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// The search for some terms that began at so many points, if it is that.
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
            sufficient: Scale::of(self.sufficient)?,
            refuted: Scale::of(self.refuted)?,
            count: self.trials,
        };
        Some(CalibrationState { chosen: self.chosen, trials, sampled })
    }
}
