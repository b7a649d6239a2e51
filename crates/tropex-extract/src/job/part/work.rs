//! The work of one process on a part.

use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use tropex_files::free_memory;
use tropex_kernels::Cancelled;

use super::cut::pieces_of;
use super::folder::{PartFolder, remove_all_parts, remove_folder};
use super::identity::PartIdentity;
use super::kept_rows::KeptRows;
use super::piece_record::PieceRecord;
use super::record_file;
use super::sizes::{row_bytes, stages_of};
use super::stage_name::StageName;
use super::{PartOutcome, PartTask};
use crate::gauge::tight::{PartPullback, terms_of_rows};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::job::extract_store::existing;
use crate::job::shard_extraction::{ShardExtraction, ShardPiece};
use crate::job::{ExtractOptions, Progress};
use crate::part_number::PartNumber;
use crate::points::read;
use crate::store::{ShardWriter, TermsHeader, piece_name};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Extracts the terms of a part of the points of a source. The parts together, on any machines
    /// that see the folder, extract the store that [`TermStore::extract`] extracts alone;
    /// [`TermStore::merge`] publishes it.
    ///
    /// A part writes only to its own folder inside `folder`. It needs no lock: it may be killed,
    /// run again, and run twice at once. Finished files are not computed again, damaged ones are.
    ///
    /// With the tight and the calibrated gauge the parts find the shifts stage by stage, see
    /// [`PartTask::stage`]. A process that runs all stages keeps rows between stages in memory, if
    /// those of all parts fit into its [limit](ExtractOptions::memory). Otherwise they are kept in
    /// the folder of the part, so memory holds one batch per device, and on `flex` one per thread.
    /// Lost rows are computed again from the points.
    ///
    /// # Errors
    /// A stage that the gauge or the network does not have; a stage that other parts have not
    /// reached; parts or terms of other settings in the folder; a file that cannot be read or
    /// written; a device that fails; [`Error::Cancelled`].
    pub fn extract_part(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        task: PartTask,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress) -> ControlFlow<()>,
    ) -> Result<PartOutcome, Error> {
        check_stage(extractor, task.stage)?;
        let identity = PartIdentity::new(extractor, source, options, task.part.of())?;
        if is_merged(folder, &identity.terms, options)? {
            return Ok(PartOutcome::Merged);
        }
        let own = PartFolder::new(folder, task.part);
        enter(&own, &identity, options.replace)?;
        let pieces = pieces_of(task.part, &identity.terms, identity.batch_size());
        let (key, part) = (identity.key(), task.part);
        // All parts may run on this machine.
        let memory = options.memory.unwrap_or_else(|| free_memory() / 2) as u64;
        let rows = row_bytes(extractor) * identity.terms.points as u64;
        let work = PartWork {
            folder,
            own,
            identity,
            key,
            part,
            pieces,
            has_memory: task.stage.is_none() && rows <= memory,
            extractor,
            source,
            options,
            progress,
        };
        let outcome = match work.identity.search(extractor, source) {
            Some(search) => work.run_calibrated(search, task.stage),
            None => work.run(task.stage),
        };
        match outcome {
            // Another process with the same part was faster, and the files of parts are gone.
            Err(_) if work.is_merged()? => {
                remove_all_parts(folder)?;
                Ok(PartOutcome::Merged)
            }
            outcome => outcome,
        }
    }
}

/// Whether the parts of these terms are merged.
///
/// # Errors
/// Terms of other settings that may not be replaced; a manifest that cannot be read.
fn is_merged(folder: &Path, terms: &TermsHeader, options: &ExtractOptions) -> Result<bool, Error> {
    let found = existing(folder, terms, options)?;
    Ok(found.is_some_and(|manifest| manifest.check.is_some()))
}

/// Refuses a stage that the extraction does not have. The stages of the calibrated gauge are known
/// only after its searches.
///
/// # Errors
/// [`Error::NoStage`].
pub(super) fn check_stage(extractor: &Extractor, stage: Option<usize>) -> Result<(), Error> {
    let stages = stages_of(extractor);
    let last = if extractor.is_calibrated() { usize::MAX } else { stages };
    match stage.filter(|stage| !(1..=last).contains(stage)) {
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
    /// Whether rows between stages stay in memory.
    pub(super) has_memory: bool,
    pub(super) extractor: &'a Extractor,
    pub(super) source: &'a dyn PointSource,
    pub(super) options: &'a ExtractOptions,
    pub(super) progress: &'a dyn Fn(Progress) -> ControlFlow<()>,
}

impl PartWork<'_> {
    /// Whether the parts are merged meanwhile.
    pub(super) fn is_merged(&self) -> Result<bool, Error> {
        is_merged(self.folder, &self.identity.terms, self.options)
    }

    fn run(&self, until: Option<usize>) -> Result<PartOutcome, Error> {
        if self.extractor.shifts().is_some() {
            return Ok(self.extract(self.extractor, KeptRows::Lost)?.0);
        }
        let (mut rows, stages) =
            (KeptRows::Lost, PartPullback::stage_count(self.extractor.network()));
        let specs = self.extractor.specs();
        let mut pullback = PartPullback::new(&specs, (Gauge::Tight, ShiftScale::FULL));
        for stage in 1..=until.unwrap_or(stages) {
            let name = StageName::tight(stage);
            rows = self.finish_stage((name, stage), &pullback, rows)?;
            if until == Some(stage) {
                return Ok(PartOutcome::Stage { stage, stages, points: self.points() });
            }
            let minimum = self.result_of_all((name, stage, stages), 0, until.is_none())?;
            pullback.set_next(&minimum)?;
        }
        let extractor = self.extractor.with_found_shifts(&pullback.shifts())?;
        Ok(self.extract(&extractor, rows)?.0)
    }

    /// The batches of the part.
    pub(super) fn batches(&self) -> impl Iterator<Item = Range<usize>> + Send + '_ {
        self.pieces.iter().flat_map(|piece| piece.batches.iter().cloned())
    }

    /// Number of points of the part.
    pub(super) fn points(&self) -> usize {
        self.pieces.iter().map(|piece| piece.points().len()).sum()
    }

    /// Extracts the terms with an extractor that knows its shifts, from rows at the input unless
    /// they are lost.
    pub(super) fn extract(
        &self,
        extractor: &Extractor,
        rows: KeptRows,
    ) -> Result<(PartOutcome, Vec<PieceRecord>), Error> {
        let saved = self.identity.terms.saves_shifts();
        let shifts = extractor.shifts().filter(|_| saved).map(Shifts::fingerprint);
        let mut records = self.intact_records(shifts.as_deref())?;
        let is_missing = |piece: &&ShardPiece| {
            !records.iter().any(|record| record.first == piece.points().start)
        };
        let missing: Vec<ShardPiece> = self.pieces.iter().filter(is_missing).cloned().collect();
        let mut done: usize = records.iter().map(|record| record.entry.points).sum();
        let extracted = |points| (self.progress)(Progress::Extracted { points, of: self.points() });
        Cancelled::check(extracted(done))?;
        let source = self.source;
        let terms_of =
            |extractor: &Extractor, batch: Range<usize>| terms(extractor, source, batch, &rows);
        let extraction =
            ShardExtraction { extractor, source, terms: &self.identity.terms, terms_of: &terms_of };
        let on_batch = |points| {
            done += points;
            extracted(done)
        };
        extraction.run(&missing, on_batch, |piece, shard| {
            records.push(self.write(extractor, piece, shard, shifts.clone())?);
            Ok(())
        })?;
        rows.remove()?;
        let checks = records.iter().map(|record| &record.entry.check);
        let outcome = PartOutcome::Terms {
            points: self.points(),
            files: records.len(),
            bytes: records.iter().map(|record| record.entry.bytes).sum(),
            check: checks.fold(SelfCheck::empty(), |all, check| all.merge(check)),
        };
        Ok((outcome, records))
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
            // Either this record, whose file was just written, or one of another process.
            Some(found) if found == record => Ok(found),
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

/// The terms of a batch and their self-check. `rows` are the rows at the input.
fn terms(
    extractor: &Extractor,
    source: &dyn PointSource,
    batch: Range<usize>,
    rows: &KeptRows,
) -> Result<(Terms, SelfCheck), Error> {
    let terms = terms_of_batch(extractor, source, &batch, rows)?;
    let check = extractor.check(&terms, &read(source, batch)?)?;
    Ok((terms, check))
}

/// The terms of a batch, from its rows at the input or from its points.
pub(super) fn terms_of_batch(
    extractor: &Extractor,
    source: &dyn PointSource,
    batch: &Range<usize>,
    rows: &KeptRows,
) -> Result<Terms, Error> {
    let kept = rows.take(batch.start).zip(extractor.shifts());
    let arrived = kept.and_then(|(rows, shifts)| terms_of_rows(extractor.spec(), shifts, rows));
    arrived.unwrap_or_else(|| extractor.extract(&read(source, batch.clone())?))
}
