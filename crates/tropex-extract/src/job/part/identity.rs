//! The settings that all parts of an extraction share.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tropex_files::sha256;

use super::folder::{PartFolder, folder_of_all};
use super::record_file::{self, Record};
use super::search::PartSearch;
use crate::job::ExtractOptions;
use crate::job::batch_size::BatchSize;
use crate::job::calibration_state::CalibrationState;
use crate::job::extract_store::header;
use crate::part_number::PartNumber;
use crate::store::{TermsHeader, written_by};
use crate::{Error, Extractor, PointSource};

/// Version of the files of parts.
const FORMAT: u32 = 1;

/// The settings of an extraction in parts. Parts with equal settings, on equal devices, have equal
/// terms wherever they run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PartIdentity {
    /// Version of the files.
    format: u32,
    /// Name and version of the program.
    written_by: String,
    /// The settings of the terms.
    pub(super) terms: TermsHeader,
    /// Number of parts.
    of: usize,
    /// Number of points per batch.
    batch: usize,
    /// With the calibrated gauge: number of points at which scales are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<usize>,
}

impl PartIdentity {
    /// The settings of an extraction in `of` parts.
    ///
    /// # Errors
    /// A source without points, or with points of another number of features.
    pub(super) fn new(
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        of: usize,
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        let batch = BatchSize::of(extractor, options).points();
        let tried = extractor.is_calibrated().then_some(options.dominance_points);
        Ok(Self { format: FORMAT, written_by: written_by(), terms, of, batch, tried })
    }

    /// The first search of the calibrated gauge; `None` for other gauges.
    pub(super) fn search(
        &self,
        extractor: &Extractor,
        source: &dyn PointSource,
    ) -> Option<PartSearch> {
        let state = CalibrationState::of_sample(source, self.tried?);
        Some(PartSearch::first(state, extractor))
    }

    /// Number of parts.
    pub(super) fn parts(&self) -> usize {
        self.of
    }

    /// The size of the batches.
    pub(super) fn batch_size(&self) -> BatchSize {
        BatchSize::of_points(self.batch)
    }

    /// SHA-256 of the settings.
    pub(super) fn key(&self) -> String {
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// A description of the first setting that differs from another extraction.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, found: &dyn ToString, expected: &dyn ToString| {
            let (found, expected) = (found.to_string(), expected.to_string());
            (found != expected).then(|| format!("{what}{found} instead of {expected}"))
        };
        let shards = [other, self].map(|identity| identity.terms.shard_points);
        self.terms
            .difference(&other.terms)
            .or_else(|| differs("points per shard ", &shards[0], &shards[1]))
            .or_else(|| differs("points per batch ", &other.batch, &self.batch))
            .or_else(|| {
                let [found, expected] = [other.tried, self.tried].map(Option::unwrap_or_default);
                differs("points of trials ", &found, &expected)
            })
            .or_else(|| differs("written by ", &other.written_by, &self.written_by))
            .or_else(|| differs("format ", &other.format, &self.format))
            .or_else(|| (self != other).then(|| "another number of parts".into()))
    }

    /// Reads the settings of a part from its file; `None` without the file, or if it is damaged.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        Ok(match record_file::read(path)? {
            Record::Intact(identity, _) => Some(identity),
            Record::Absent | Record::Damaged => None,
        })
    }

    /// Refuses the settings of another extraction, found at a path.
    ///
    /// # Errors
    /// [`Error::OtherTerms`].
    pub(super) fn require(&self, found: &Self, path: &Path) -> Result<(), Error> {
        match self.difference(found) {
            None => Ok(()),
            Some(difference) => Err(Error::OtherTerms { path: path.to_owned(), difference }),
        }
    }
}

/// The settings of all parts.
///
/// # Errors
/// Parts that have not begun; parts whose settings differ from each other or from `terms`.
pub(super) fn identity_of_all(
    folder: &Path,
    of: usize,
    terms: &TermsHeader,
) -> Result<PartIdentity, Error> {
    let (mut first, mut missing): (Option<PartIdentity>, _) = (None, Vec::new());
    for part in PartNumber::all(of) {
        let path = PartFolder::new(folder, part).settings();
        let Some(found) = PartIdentity::read(&path)? else {
            missing.push(part);
            continue;
        };
        if let Some(difference) = terms.difference(&found.terms) {
            return Err(Error::OtherTerms { path, difference });
        }
        first.get_or_insert_with(|| found.clone()).require(&found, &path)?;
    }
    match first {
        Some(identity) if missing.is_empty() => Ok(identity),
        _ => Err(missing_parts(folder, of, missing, None)),
    }
}

/// The error of parts that have not finished a stage, or their terms.
pub(super) fn missing_parts(
    folder: &Path,
    of: usize,
    missing: Vec<PartNumber>,
    stage: Option<usize>,
) -> Error {
    Error::MissingParts { folder: folder_of_all(folder, of), missing, stage }
}
