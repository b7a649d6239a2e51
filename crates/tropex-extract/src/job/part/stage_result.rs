//! What parts find in a stage, and its files.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::{PartFolder, reduced_stage};
use super::identity::{PartIdentity, missing_parts};
use super::record_file::{self, Record};
use super::stage_name::StageName;
use crate::Error;
use crate::function::OwnTermValues;
use crate::gauge::tight::StageMinimum;
use crate::part_number::PartNumber;

/// What parts find in a stage. The result of all parts does not depend on their division.
pub(super) trait StageResult: Clone + Default {
    /// The result of two parts together.
    fn and(self, other: Self) -> Self;

    fn to_bytes(&self) -> Vec<u8>;

    /// Reads the bytes of a result at a number of points; `None` if they are not such bytes.
    fn from_bytes(bytes: &[u8], points: usize) -> Option<Self>;
}

impl StageResult for StageMinimum {
    fn and(self, other: Self) -> Self {
        Self::and(self, other)
    }

    fn to_bytes(&self) -> Vec<u8> {
        Self::to_bytes(self)
    }

    fn from_bytes(bytes: &[u8], _: usize) -> Option<Self> {
        Self::from_bytes(bytes)
    }
}

impl StageResult for OwnTermValues {
    fn and(self, other: Self) -> Self {
        Self::and(self, other)
    }

    fn to_bytes(&self) -> Vec<u8> {
        Self::to_bytes(self)
    }

    fn from_bytes(bytes: &[u8], points: usize) -> Option<Self> {
        Self::from_bytes(bytes, points)
    }
}

/// The first lines of the file of a stage.
#[derive(Debug, Serialize, Deserialize)]
struct StageHeader {
    /// Key of the settings of the extraction.
    key: String,
    /// Name of the folder of the rows after the stage, if there are rows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    rows: String,
}

/// What a part leaves after a stage.
#[derive(Debug)]
pub(super) struct StageRecord<R> {
    /// The result of the points of the part.
    pub(super) result: R,
    /// Name of the folder of the rows of the part; empty without rows.
    pub(super) rows: String,
}

/// What is at the path of the file of a stage.
#[derive(Debug)]
pub(super) enum FoundStage<R> {
    /// The part has not finished the stage.
    Absent,
    /// The file is damaged.
    Damaged,
    /// The file belongs to an extraction with other settings.
    Other,
    /// The stage is finished.
    Finished(StageRecord<R>),
}

impl<R: StageResult> StageRecord<R> {
    /// Writes the file, unless an intact one exists.
    pub(super) fn publish(&self, path: &Path, key: &str) -> Result<(), Error> {
        let header = StageHeader { key: key.to_owned(), rows: self.rows.clone() };
        record_file::publish(path, &header, &self.result.to_bytes())
    }

    /// Reads the file of an extraction with a key. The result is one at a number of points.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(super) fn find(path: &Path, key: &str, points: usize) -> Result<FoundStage<R>, Error> {
        Ok(match record_file::read::<StageHeader>(path)? {
            Record::Absent => FoundStage::Absent,
            Record::Damaged => FoundStage::Damaged,
            Record::Intact(header, _) if header.key != key => FoundStage::Other,
            Record::Intact(header, payload) => match R::from_bytes(&payload, points) {
                Some(result) => FoundStage::Finished(Self { result, rows: header.rows }),
                None => FoundStage::Damaged,
            },
        })
    }
}

/// The results of the parts of an extraction after their stages.
#[derive(Clone, Copy, Debug)]
pub(super) struct StageFiles<'a> {
    /// The folder of the store.
    pub(super) folder: &'a Path,
    pub(super) identity: &'a PartIdentity,
}

impl StageFiles<'_> {
    /// The result of all parts after a stage, from one file or from those of all parts. `number` is
    /// the stage as it is named in errors.
    ///
    /// # Errors
    /// [`Error::MissingParts`]: parts that have not finished the stage; parts of other settings; a
    /// file that is damaged or cannot be read.
    pub(super) fn all<R: StageResult>(
        self,
        (name, number): (StageName, usize),
        points: usize,
    ) -> Result<R, Error> {
        if let Some(reduced) = self.reduced(name, points)? {
            return Ok(reduced);
        }
        let of = self.identity.parts();
        let mut found = vec![None; of];
        let missing = self.find(name, points, &mut found)?;
        match missing.is_empty() {
            true => Ok(joined(found)),
            false => Err(missing_parts(self.folder, of, missing, Some(number))),
        }
    }

    /// The result of all parts in the file of a stage; `None` without the file, or if it is damaged
    /// or belongs to other settings.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(super) fn reduced<R: StageResult>(
        self,
        name: StageName,
        points: usize,
    ) -> Result<Option<R>, Error> {
        let path = reduced_stage(self.folder, self.identity.parts(), name);
        Ok(match StageRecord::find(&path, &self.identity.key(), points)? {
            FoundStage::Finished(record) => Some(record.result),
            _ => None,
        })
    }

    /// Writes the result of all parts to the file of a stage.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write_reduced<R: StageResult>(
        self,
        name: StageName,
        result: &R,
    ) -> Result<(), Error> {
        let path = reduced_stage(self.folder, self.identity.parts(), name);
        let header = StageHeader { key: self.identity.key(), rows: String::new() };
        record_file::replace(&path, &header, &result.to_bytes())
    }

    /// Reads the results of parts that are not found yet. Returns the parts that have not finished
    /// the stage.
    pub(super) fn find<R: StageResult>(
        self,
        name: StageName,
        points: usize,
        found: &mut [Option<R>],
    ) -> Result<Vec<PartNumber>, Error> {
        let (key, of, mut missing) = (self.identity.key(), found.len(), Vec::new());
        for (part, slot) in PartNumber::all(of).zip(found).filter(|(_, slot)| slot.is_none()) {
            let other = PartFolder::new(self.folder, part);
            let path = other.stage(name);
            match StageRecord::find(&path, &key, points)? {
                FoundStage::Finished(record) => *slot = Some(record.result),
                FoundStage::Absent => missing.push(part),
                FoundStage::Damaged => return Err(Error::DamagedPart { path, part }),
                FoundStage::Other => {
                    let settings = other.settings();
                    if let Some(found) = PartIdentity::read(&settings)? {
                        self.identity.require(&found, &settings)?;
                    }
                    return Err(Error::DamagedPart { path, part });
                }
            }
        }
        Ok(missing)
    }
}

/// The result of all parts.
pub(super) fn joined<R: StageResult>(results: Vec<Option<R>>) -> R {
    results.into_iter().flatten().fold(R::default(), R::and)
}
