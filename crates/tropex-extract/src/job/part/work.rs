//! The work of one process on a part.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::cut::pieces_of;
use super::folder::{PartFolder, remove_folder};
use super::identity::PartIdentity;
use super::piece_record::PieceRecord;
use super::record_file;
use super::row_folder::rows_of;
use super::sizes::stages_of;
use super::{PartOutcome, PartTask};
use crate::gauge::tight::{PartPullback, terms_of_rows};
use crate::gauge::{Gauge, Shifts};
use crate::job::batch_size::BatchSize;
use crate::job::extract_store::{existing, header};
use crate::job::shard_extraction::{ShardExtraction, ShardPiece};
use crate::job::{ExtractOptions, Progress};
use crate::part_number::PartNumber;
use crate::points::read;
use crate::store::{ShardWriter, piece_name};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Extracts the terms of a part of the points of a source. The parts together, on any machines
    /// that see the folder, extract the store that [`TermStore::extract`] extracts alone;
    /// [`TermStore::merge`] publishes it.
    ///
    /// A part writes only to its own folder inside `folder`. It needs no lock: it may be killed, run
    /// again, and run twice at once. Finished files are not computed again, damaged ones are.
    ///
    /// With the tight gauge the parts find the shifts stage by stage, see [`PartTask::stage`]. Rows
    /// between two stages are kept in the folder of the part, so memory holds one batch per device,
    /// and on `flex` one per thread. Lost rows are computed again from the points.
    ///
    /// # Errors
    /// The calibrated gauge; a stage that the gauge or the network does not have; a stage that
    /// other parts have not reached; parts or terms of other settings in the folder; a file that
    /// cannot be read or written; a device that fails.
    pub fn extract_part(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        task: PartTask,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<PartOutcome, Error> {
        require_divisible(extractor)?;
        check_stage(extractor, task.stage)?;
        let terms = header(extractor, source, options.shard_bytes)?;
        if existing(folder, &terms, options)?.is_some_and(|manifest| manifest.check.is_some()) {
            return Ok(PartOutcome::Merged);
        }
        let batch = BatchSize::of(extractor, options);
        let identity = PartIdentity::new(terms, task.part.of(), batch);
        let own = PartFolder::new(folder, task.part);
        enter(&own, &identity, options.replace)?;
        let pieces = pieces_of(task.part, &identity.terms, batch);
        let (key, part) = (identity.key(), task.part);
        let work =
            PartWork { folder, own, identity, key, part, pieces, extractor, source, progress };
        work.run(task.stage)
    }
}

/// Refuses gauges whose shifts parts cannot find.
///
/// # Errors
/// [`Error::Indivisible`]: the calibrated gauge, unless the shifts are those of other points.
pub(super) fn require_divisible(extractor: &Extractor) -> Result<(), Error> {
    let searches = extractor.shifts_of_other_points().is_none();
    match extractor.gauge() {
        Gauge::Calibrated if searches => Err(Error::Indivisible),
        _ => Ok(()),
    }
}

/// Refuses a stage that the extraction does not have.
///
/// # Errors
/// [`Error::NoStage`].
pub(super) fn check_stage(extractor: &Extractor, stage: Option<usize>) -> Result<(), Error> {
    let stages = stages_of(extractor);
    match stage.filter(|stage| !(1..=stages).contains(stage)) {
        None => Ok(()),
        Some(stage) => Err(Error::NoStage { stage, stages }),
    }
}

/// Creates the folder of a part with its settings.
///
/// # Errors
/// A folder with other settings, unless it may be replaced.
fn enter(own: &PartFolder, identity: &PartIdentity, replace: bool) -> Result<(), Error> {
    let path = own.settings();
    if let Some(found) = PartIdentity::read(&path)?
        && let Err(error) = identity.require(&found, &path)
    {
        if !replace {
            return Err(error);
        }
        remove_folder(own.path())?;
    }
    fs::create_dir_all(own.path()).map_err(Error::io("create folder", own.path()))?;
    record_file::publish(&path, identity, b"")
}

/// The work on a part.
pub(super) struct PartWork<'a> {
    /// The folder of the store.
    pub(super) folder: &'a Path,
    pub(super) own: PartFolder,
    pub(super) identity: PartIdentity,
    /// Key of the identity.
    pub(super) key: String,
    pub(super) part: PartNumber,
    pub(super) pieces: Vec<ShardPiece>,
    pub(super) extractor: &'a Extractor,
    pub(super) source: &'a dyn PointSource,
    pub(super) progress: &'a dyn Fn(Progress),
}

impl PartWork<'_> {
    fn run(&self, until: Option<usize>) -> Result<PartOutcome, Error> {
        if self.extractor.shifts().is_some() {
            return self.extract(self.extractor, None);
        }
        let (mut rows, stages) = (None, PartPullback::stage_count(self.extractor.network()));
        let specs = self.extractor.specs();
        let mut pullback = PartPullback::new(&specs);
        for stage in 1..=until.unwrap_or(stages) {
            let own = self.finish_stage(stage, &pullback, rows.take())?;
            rows = Some(self.own.path().join(own.rows));
            if until == Some(stage) {
                return Ok(PartOutcome::Stage { stage, stages, points: self.points() });
            }
            pullback.set_next(&self.minimum_of_all(stage, stages, until.is_none())?)?;
        }
        let extractor = self.extractor.with_found_shifts(&pullback.shifts())?;
        self.extract(&extractor, rows)
    }

    /// Number of points of the part.
    pub(super) fn points(&self) -> usize {
        self.pieces.iter().map(|piece| piece.points().len()).sum()
    }

    /// Extracts the terms with an extractor that knows its shifts, from rows at the input if there
    /// are any.
    fn extract(&self, extractor: &Extractor, rows: Option<PathBuf>) -> Result<PartOutcome, Error> {
        let saved = self.identity.terms.saves_shifts();
        let shifts = extractor.shifts().filter(|_| saved).map(Shifts::fingerprint);
        let mut records = self.intact_records(shifts.as_deref())?;
        let is_missing = |piece: &&ShardPiece| {
            !records.iter().any(|record| record.first == piece.points().start)
        };
        let missing: Vec<ShardPiece> = self.pieces.iter().filter(is_missing).cloned().collect();
        let mut done: usize = records.iter().map(|record| record.entry.points).sum();
        let extracted = |points| {
            (self.progress)(Progress::Extracted { points, of: self.points() });
        };
        extracted(done);
        let source = self.source;
        let terms_of = |extractor: &Extractor, batch: Range<usize>| {
            terms(extractor, source, batch, rows.as_deref())
        };
        let extraction =
            ShardExtraction { extractor, source, terms: &self.identity.terms, terms_of: &terms_of };
        let on_batch = |points| {
            done += points;
            extracted(done);
        };
        extraction.run(&missing, on_batch, |piece, shard| {
            records.push(self.write(extractor, piece, shard, shifts.clone())?);
            Ok(())
        })?;
        rows.map_or(Ok(()), |rows| remove_folder(&rows))?;
        let checks = records.iter().map(|record| &record.entry.check);
        Ok(PartOutcome::Terms {
            points: self.points(),
            files: records.len(),
            bytes: records.iter().map(|record| record.entry.bytes).sum(),
            check: checks.fold(SelfCheck::empty(), |all, check| all.merge(check)),
        })
    }

    /// The records of the finished pieces under the given shifts.
    fn intact_records(&self, shifts: Option<&str>) -> Result<Vec<PieceRecord>, Error> {
        let mut records = Vec::new();
        for piece in &self.pieces {
            if let Some(record) = PieceRecord::find(&self.own, piece, &self.key)?
                && record.shifts.as_deref() == shifts
                && record.is_intact(&self.own)?
            {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// Writes the terms of a piece and their record. An intact record of another process with the
    /// same part stays.
    fn write(
        &self,
        extractor: &Extractor,
        piece: &ShardPiece,
        shard: &ShardWriter<'_>,
        shifts: Option<String>,
    ) -> Result<PieceRecord, Error> {
        let name = |checksum: &str| piece_name(piece.shard, checksum);
        let entry = shard.write_as(self.own.path(), name)?;
        let devices = extractor.on_all_devices().into_iter();
        let devices = devices.map(|own| own.network().target().device_name()).collect();
        let first = piece.points().start;
        let record = PieceRecord { key: self.key.clone(), shifts, first, devices, entry };
        let path = self.own.shard(piece.shard);
        record_file::publish(&path, &record, b"")?;
        match PieceRecord::find(&self.own, piece, &self.key)? {
            Some(found) if found.shifts == record.shifts && found.is_intact(&self.own)? => {
                Ok(found)
            }
            // The terms of the record are damaged, or belong to other shifts.
            _ => {
                record_file::replace(&path, &record, b"")?;
                Ok(record)
            }
        }
    }
}

/// The terms of a batch and their self-check. `rows` is the folder of the rows at the input, if any.
fn terms(
    extractor: &Extractor,
    source: &dyn PointSource,
    batch: Range<usize>,
    rows: Option<&Path>,
) -> Result<(Terms, SelfCheck), Error> {
    let first = batch.start;
    let points = read(source, batch)?;
    let kept = rows.and_then(|rows| rows_of(rows, first)).zip(extractor.shifts());
    let arrived = kept.and_then(|(rows, shifts)| terms_of_rows(extractor.spec(), shifts, &rows));
    let terms = arrived.unwrap_or_else(|| extractor.extract(&points))?;
    let check = extractor.check(&terms, &points)?;
    Ok((terms, check))
}
