//! The stages of a part, which parts do together.

use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use tropex_kernels::Cancelled;

use super::identity::missing_parts;
use super::kept_rows::{KeptRows, RowTransfer};
use super::stage_name::StageName;
use super::stage_result::{FoundStage, StageFiles, StageRecord, StageResult, joined};
use super::work::PartWork;
use crate::Error;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::job::Progress;
use crate::points::read;

/// Time between two looks at the files of other parts: it doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(2);

impl PartWork<'_> {
    /// The rows after a stage of a pullback, whose minimum is found in a file or computed. `rows`
    /// are the rows after the stage before, which are removed after the stage. `step` is the stage
    /// within the pullback.
    pub(super) fn finish_stage(
        &self,
        (name, step): (StageName, usize),
        pullback: &PartPullback<'_>,
        rows: KeptRows,
    ) -> Result<KeptRows, Error> {
        let (path, part) = (self.own.stage(name), self.own.path());
        let find = || StageRecord::<StageMinimum>::find(&path, &self.key, 0);
        if let FoundStage::Finished(record) = find()? {
            rows.remove()?;
            return Ok(KeptRows::named(part, &record.rows));
        }
        let transfer = match self.has_memory {
            true => RowTransfer::to_memory(rows),
            false => RowTransfer::to_folder(part, name, rows)?,
        };
        let passed = |points| {
            let (of, stages) = (self.points(), PartPullback::stage_count(self.extractor.network()));
            (self.progress)(Progress::Shifted { points, of, stage: step, stages })
        };
        let batches: Vec<Range<usize>> = self.batches().collect();
        let read = |range| read(self.source, range);
        let result = pullback.pass(&batches, &read, &transfer, &passed)?;
        StageRecord { result, rows: transfer.name() }.publish(&path, &self.key)?;
        // Another process with the same part may have been faster.
        match find()? {
            FoundStage::Finished(record) => transfer.finish(part, &record.rows),
            _ => Err(Error::DamagedPart { path, part: self.part }),
        }
    }

    /// Finds the result of a stage without rows in its file, or computes and writes it.
    pub(super) fn finish<R: StageResult>(
        &self,
        name: StageName,
        points: usize,
        compute: impl FnOnce() -> Result<R, Error>,
    ) -> Result<(), Error> {
        let path = self.own.stage(name);
        if let FoundStage::Finished(_) = StageRecord::<R>::find(&path, &self.key, points)? {
            return Ok(());
        }
        StageRecord { result: compute()?, rows: String::new() }.publish(&path, &self.key)
    }

    /// The result of all points after a stage. Waits for the other parts, unless they are merged, or
    /// refuses to. `number` is the stage as it is named in errors, of `stages`.
    pub(super) fn result_of_all<R: StageResult>(
        &self,
        (name, number, stages): (StageName, usize, usize),
        points: usize,
        waits: bool,
    ) -> Result<R, Error> {
        let files = StageFiles { folder: self.folder, identity: &self.identity };
        if !waits {
            return files.all((name, number), points);
        }
        if let Some(reduced) = files.reduced(name, points)? {
            return Ok(reduced);
        }
        let mut found = vec![None; self.part.of()];
        let mut pause = FIRST_PAUSE;
        loop {
            let missing = files.find(name, points, &mut found)?;
            let Some(first) = missing.first() else { return Ok(joined(found)) };
            if self.is_merged()? {
                // The files of the missing parts are removed already.
                return Err(missing_parts(self.folder, self.part.of(), missing, Some(number)));
            }
            let (part, missing) = (first.number(), missing.len());
            let waiting = Progress::Waiting { stage: number, stages, part, missing };
            Cancelled::check((self.progress)(waiting))?;
            sleep(pause);
            pause = (2 * pause).min(LAST_PAUSE);
        }
    }
}
