//! Which scale the terms of a store need, with the calibrated gauge.
//!
//! What trials have shown is in a file as long as the extraction is not finished, so that one that
//! is interrupted goes on after its last trial.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files::{self, SEARCH};
use super::manifest::TermsHeader;
use super::source::sample;
use crate::terms::{Gap, Scale, Tried};
use crate::{Error, PointSource, Precision};

/// Points that are chosen at a time, at most, of those that refuted a scale.
const REFUTING: usize = 1024;

/// More trials than any search takes.
const MOST_TRIALS: usize = 1000;

/// Version of the file.
const FORMAT: u32 = 1;

/// What is known of the scale before shifts are looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Positions of the points at which scales are tried out, ascending.
    pub(super) chosen: Vec<usize>,
    /// What trials have shown.
    pub(super) tried: Tried,
    /// How many points were chosen at first.
    sampled: usize,
}

/// A search as it is written.
#[derive(Serialize, Deserialize)]
struct Record {
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

impl Search {
    /// Nothing: so many points are chosen that stand for all.
    pub(super) fn among(source: &dyn PointSource, count: usize) -> Self {
        let chosen = source.sample(count);
        Self { sampled: chosen.len(), chosen, tried: Tried::NOTHING }
    }

    /// The search for the scale of the same terms, from the same points, that was interrupted in a
    /// folder; itself where there is none.
    pub(super) fn resumed(self, folder: &Path, terms: &TermsHeader) -> Self {
        Record::read(folder).and_then(|record| record.search(terms, self.sampled)).unwrap_or(self)
    }

    /// How many trials of an interrupted search are written down in a folder, if one is.
    pub(super) fn trials_in(folder: &Path) -> Option<usize> {
        Record::read(folder).map(|record| record.trials)
    }

    /// The same search after more trials.
    pub(super) fn further(&self, tried: Tried) -> Self {
        Self { tried, ..self.clone() }
    }

    /// Writes down what is known.
    pub(super) fn write(&self, folder: &Path, terms: &TermsHeader) -> Result<(), Error> {
        let path = folder.join(SEARCH);
        let record = Record {
            format: FORMAT,
            terms: terms.clone(),
            sampled: self.sampled,
            chosen: self.chosen.clone(),
            sufficient: self.tried.sufficient.factor(),
            refuted: self.tried.refuted.factor(),
            trials: self.tried.trials,
        };
        let failed = |error: serde_json::Error| Error::io("write", &path)(error.into());
        files::write(&path, &serde_json::to_vec(&record).map_err(failed)?)
    }

    /// Removes what was written down, if anything was.
    pub(super) fn remove(folder: &Path) -> Result<(), Error> {
        let path = folder.join(SEARCH);
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
        let tried = Tried { refuted: scale, ..Tried::NOTHING };
        Some(Self { chosen, tried, sampled: self.sampled })
    }

    /// The chosen points, `[chosen, features]`.
    pub(super) fn read(&self, source: &dyn PointSource) -> Result<Vec<f32>, Error> {
        let mut points = Vec::with_capacity(self.chosen.len() * source.features());
        for &point in &self.chosen {
            points.extend(super::source::read(source, point..point + 1)?);
        }
        Ok(points)
    }
}
impl Record {
    /// A record that cannot be read is as good as none: its trials are made again.
    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(SEARCH)).ok()?).ok()
    }

    /// The search for some terms that began at so many points, if it is that.
    fn search(self, terms: &TermsHeader, sampled: usize) -> Option<Search> {
        let is_same = self.format == FORMAT
            && self.sampled == sampled
            && terms.difference(&self.terms).is_none();
        let ascends = self.chosen.windows(2).all(|pair| pair[0] < pair[1]);
        let counts = self.trials <= MOST_TRIALS;
        let fits = self.chosen.last().is_none_or(|&last| last < terms.points);
        if !(is_same && counts && ascends && fits) {
            return None;
        }
        let tried = Tried {
            sufficient: Scale::of(self.sufficient)?,
            refuted: Scale::of(self.refuted)?,
            trials: self.trials,
        };
        Some(Search { chosen: self.chosen, tried, sampled })
    }
}
