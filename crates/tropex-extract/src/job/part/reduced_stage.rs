//! The file with the minimum of all parts after a stage.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder::reduced_stage;
use super::identity::PartIdentity;
use super::record_file::{self, Record};
use crate::Error;
use crate::gauge::tight::StageMinimum;

/// The first lines of the file.
#[derive(Debug, Serialize, Deserialize)]
struct ReducedHeader {
    /// Key of the settings of the extraction.
    key: String,
}

/// The minimum of all parts in the file of a stage; `None` without the file, or if it is damaged or
/// belongs to other settings.
///
/// # Errors
/// A file that exists and cannot be read.
pub(super) fn find(
    store: &Path,
    identity: &PartIdentity,
    stage: usize,
) -> Result<Option<StageMinimum>, Error> {
    let path = reduced_stage(store, identity.parts(), stage);
    Ok(match record_file::read::<ReducedHeader>(&path)? {
        Record::Intact(header, payload) if header.key == identity.key() => {
            StageMinimum::from_bytes(&payload)
        }
        _ => None,
    })
}

/// Writes the minimum of all parts to the file of a stage.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(
    store: &Path,
    identity: &PartIdentity,
    stage: usize,
    minimum: &StageMinimum,
) -> Result<(), Error> {
    let path = reduced_stage(store, identity.parts(), stage);
    let header = ReducedHeader { key: identity.key() };
    record_file::replace(&path, &header, &minimum.to_bytes())
}
