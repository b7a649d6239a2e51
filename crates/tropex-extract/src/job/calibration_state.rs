//! The state of the search for the calibrated gauge, and its file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::calibration::Trials;
use crate::gauge::ShiftScale;
use crate::points::{read, sample};
use crate::store::{TermsHeader, files};
use crate::terms::DominanceGap;
use crate::{Error, PointSource, Precision};

/// Name of the file with the state of the search.
const FILE: &str = files::SEARCH;

/// Largest number of refuting points that are added to the selection after a check.
const MAX_REFUTING: usize = 1024;

/// A number of trials that no search reaches.
const MAX_TRIALS: usize = 1000;

/// Version of the file.
const FORMAT: u32 = 1;

/// State of the search before the shifts are found.
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
struct CalibrationFile {
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
    pub(super) fn of_sample(source: &dyn PointSource, count: usize) -> Self {
        let chosen = source.sample(count);
        Self { sampled: chosen.len(), chosen, trials: Trials::START }
    }

    /// The state of an interrupted search for the header and initial selection, from the file in a
    /// folder; `self` without such a file.
    pub(super) fn resume(self, folder: &Path, terms: &TermsHeader) -> Self {
        CalibrationFile::read(folder)
            .and_then(|record| record.search(terms, self.sampled))
            .unwrap_or(self)
    }

    /// The number of finished trials of an interrupted search in a folder.
    pub(super) fn trials_in(folder: &Path) -> Option<usize> {
        CalibrationFile::read(folder).map(|record| record.trials)
    }

    /// The state with the results of more trials.
    pub(super) fn with_trials(&self, trials: Trials) -> Self {
        Self { trials, ..self.clone() }
    }

    /// Writes the state to its file.
    pub(super) fn write(&self, folder: &Path, terms: &TermsHeader) -> Result<(), Error> {
        let path = folder.join(FILE);
        let record = CalibrationFile {
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
        tropex_files::remove(&path).map_err(Error::io("remove", &path))
    }

    /// The state for the next search, if the check at all points refuted a scale below 1; `None`
    /// otherwise.
    pub(super) fn after_check(
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
        let refuting = sample(open.len(), MAX_REFUTING).into_iter().map(|index| open[index]);
        let mut chosen: Vec<usize> = self.chosen.iter().copied().chain(refuting).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let trials = Trials { refuted: scale, ..Trials::START };
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

impl CalibrationFile {
    /// A file that cannot be read is ignored; its trials are repeated.
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&tropex_files::read(&folder.join(FILE)).ok()?).ok()
    }

    /// The state, if the file belongs to the given terms and initial selection.
    fn search(self, terms: &TermsHeader, sampled: usize) -> Option<CalibrationState> {
        let is_same_search = self.format == FORMAT
            && self.sampled == sampled
            && terms.difference(&self.terms).is_none();
        let ascends = self.chosen.windows(2).all(|pair| pair[0] < pair[1]);
        let counts = self.trials <= MAX_TRIALS;
        let fits = self.chosen.last().is_none_or(|&last| last < terms.points);
        if !(is_same_search && counts && ascends && fits) {
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
