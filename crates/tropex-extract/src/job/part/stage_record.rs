//! The file that a part writes after a stage.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record_file::{self, Record};
use crate::Error;
use crate::gauge::tight::StageMinimum;

/// The first lines of the file.
#[derive(Debug, Serialize, Deserialize)]
struct StageHeader {
    /// Key of the settings of the extraction.
    key: String,
    /// Name of the folder of the rows after the stage.
    rows: String,
}

/// What a part leaves after a stage.
#[derive(Debug)]
pub(super) struct StageRecord {
    /// The minimum of the points of the part.
    pub(super) minimum: StageMinimum,
    /// Name of the folder of the rows of the part.
    pub(super) rows: String,
}

/// What is at the path of the file of a stage.
#[derive(Debug)]
pub(super) enum FoundStage {
    /// The part has not finished the stage.
    Absent,
    /// The file is damaged.
    Damaged,
    /// The file belongs to an extraction with other settings.
    Other,
    /// The stage is finished.
    Finished(StageRecord),
}

impl StageRecord {
    /// Writes the file, unless an intact one exists.
    pub(super) fn publish(&self, path: &Path, key: &str) -> Result<(), Error> {
        let header = StageHeader { key: key.to_owned(), rows: self.rows.clone() };
        record_file::publish(path, &header, &self.minimum.to_bytes())
    }

    /// Reads the file of an extraction with a key.
    ///
    /// # Errors
    /// A file that exists and cannot be read.
    pub(super) fn find(path: &Path, key: &str) -> Result<FoundStage, Error> {
        Ok(match record_file::read::<StageHeader>(path)? {
            Record::Absent => FoundStage::Absent,
            Record::Damaged => FoundStage::Damaged,
            Record::Intact(header, _) if header.key != key => FoundStage::Other,
            Record::Intact(header, payload) => match StageMinimum::from_bytes(&payload) {
                Some(minimum) => FoundStage::Finished(Self { minimum, rows: header.rows }),
                None => FoundStage::Damaged,
            },
        })
    }
}
