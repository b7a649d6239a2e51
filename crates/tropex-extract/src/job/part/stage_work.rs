//! The stages of a part, which find the tight shifts of all parts.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::folder::{PartFolder, remove_folder};
use super::identity::{PartIdentity, missing_parts};
use super::reduced_stage;
use super::row_folder::RowFolder;
use super::stage_record::{FoundStage, StageRecord};
use super::work::PartWork;
use crate::Error;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::job::Progress;
use crate::part_number::PartNumber;
use crate::points::read;

/// Time between two looks at the files of other parts: it doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(2);

impl PartWork<'_> {
    /// The record of a stage of this part, from its file or computed. `rows` is the folder with the
    /// rows after the stage before; it is removed after the stage.
    pub(super) fn finish_stage(
        &self,
        stage: usize,
        pullback: &PartPullback<'_>,
        rows: Option<PathBuf>,
    ) -> Result<StageRecord, Error> {
        let path = self.own.stage(stage);
        if let FoundStage::Finished(record) = StageRecord::find(&path, &self.key)? {
            rows.map_or(Ok(()), |rows| remove_folder(&rows))?;
            return Ok(record);
        }
        let folder = RowFolder::create(self.own.path(), stage, rows.clone())?;
        let passed = |points| {
            let (of, stages) = (self.points(), PartPullback::stage_count(self.extractor.network()));
            (self.progress)(Progress::Shifted { points, of, stage, stages });
        };
        let batches: Vec<Range<usize>> =
            self.pieces.iter().flat_map(|piece| piece.batches.iter().cloned()).collect();
        let read = |range| read(self.source, range);
        let minimum = pullback.pass(&batches, &read, &folder, &passed)?;
        StageRecord { minimum, rows: folder.name() }.publish(&path, &self.key)?;
        // Another process with the same part may have been faster.
        let FoundStage::Finished(record) = StageRecord::find(&path, &self.key)? else {
            return Err(Error::DamagedPart { path, part: self.part });
        };
        if record.rows == folder.name() {
            folder.keep();
        }
        rows.map_or(Ok(()), |rows| remove_folder(&rows))?;
        Ok(record)
    }

    /// The minimum of all points after a stage. Waits for the other parts, or refuses to.
    pub(super) fn minimum_of_all(
        &self,
        stage: usize,
        stages: usize,
        waits: bool,
    ) -> Result<StageMinimum, Error> {
        if let Some(minimum) = reduced_stage::find(self.folder, &self.identity, stage)? {
            return Ok(minimum);
        }
        let mut found = vec![None; self.part.of()];
        let mut pause = FIRST_PAUSE;
        loop {
            let missing = find_minima(self.folder, &self.identity, stage, &mut found)?;
            let Some(first) = missing.first() else {
                return Ok(joined(found));
            };
            if !waits {
                return Err(missing_parts(self.folder, self.part.of(), missing, Some(stage)));
            }
            let (part, missing) = (first.number(), missing.len());
            (self.progress)(Progress::Waiting { stage, stages, part, missing });
            sleep(pause);
            pause = (2 * pause).min(LAST_PAUSE);
        }
    }
}

/// The minimum of all parts after a stage, from one file or from those of all parts.
///
/// # Errors
/// [`Error::MissingParts`]: parts that have not finished the stage; parts of other settings; a file
/// that is damaged or cannot be read.
pub(super) fn minimum_of_parts(
    folder: &Path,
    identity: &PartIdentity,
    stage: usize,
) -> Result<StageMinimum, Error> {
    if let Some(minimum) = reduced_stage::find(folder, identity, stage)? {
        return Ok(minimum);
    }
    let mut found = vec![None; identity.parts()];
    let missing = find_minima(folder, identity, stage, &mut found)?;
    match missing.is_empty() {
        true => Ok(joined(found)),
        false => Err(missing_parts(folder, identity.parts(), missing, Some(stage))),
    }
}

fn joined(minima: Vec<Option<StageMinimum>>) -> StageMinimum {
    minima.into_iter().flatten().fold(StageMinimum::default(), StageMinimum::and)
}

/// Reads the minima of parts that are not found yet. Returns the parts that have not finished the
/// stage.
fn find_minima(
    folder: &Path,
    identity: &PartIdentity,
    stage: usize,
    found: &mut [Option<StageMinimum>],
) -> Result<Vec<PartNumber>, Error> {
    let (key, of, mut missing) = (identity.key(), found.len(), Vec::new());
    for (part, slot) in PartNumber::all(of).zip(found).filter(|(_, slot)| slot.is_none()) {
        let other = PartFolder::new(folder, part);
        let path = other.stage(stage);
        match StageRecord::find(&path, &key)? {
            FoundStage::Finished(record) => *slot = Some(record.minimum),
            FoundStage::Absent => missing.push(part),
            FoundStage::Damaged => return Err(Error::DamagedPart { path, part }),
            FoundStage::Other => {
                let settings = other.settings();
                if let Some(found) = PartIdentity::read(&settings)? {
                    identity.require(&found, &settings)?;
                }
                return Err(Error::DamagedPart { path, part });
            }
        }
    }
    Ok(missing)
}
