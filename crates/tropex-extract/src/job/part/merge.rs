//! Publication of the store that parts extracted together.

use std::ops::ControlFlow;
use std::path::Path;

use tropex_files::{FolderLock, holder, remove_leftovers};
use tropex_kernels::Cancelled;

use super::calibrated::{Calibrated, ReadResults, calibrate};
use super::cut::pieces_of_all;
use super::folder::{PartFolder, numbers_of_parts, remove_all_parts};
use super::identity::{identity_of_all, missing_parts};
use super::joined_shard::{PartPiece, publish_shard};
use super::piece_record::PieceRecord;
use super::search::PartSearch;
use super::stage_name::StageName;
use super::stage_result::StageFiles;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::job::calibration_state::CalibrationState;
use crate::job::extract_store::{existing, header};
use crate::job::extraction::ExtractionJob;
use crate::job::{ExtractOptions, Progress};
use crate::part_number::PartNumber;
use crate::store::{MANIFEST, Manifest, TermsHeader, remove_all_but, shifts};
use crate::terms::DominanceGap;
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Publishes the store that parts extracted with [`TermStore::extract_part`], and removes what
    /// the parts left. The store is the one that [`TermStore::extract`] extracts on an equal
    /// device, byte for byte. A finished store is opened.
    ///
    /// The extractor and the source must be those of the parts. The dominance check compares terms
    /// of all parts, so it is done here. A merge that was interrupted is repeated.
    ///
    /// # Errors
    /// No parts; parts that are missing, unfinished or damaged; parts of other settings, weights or
    /// points; a folder that another process writes to; a file that cannot be read or written; a
    /// device that fails; [`Error::Cancelled`].
    pub fn merge(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        let search = &CalibrationState::of_sample(source, options.dominance_points);
        let job = ExtractionJob { folder, extractor, source, options, search, progress };
        remove_leftovers(folder);
        let is_finished = || {
            let found = existing(folder, &terms, options)?;
            Ok::<_, Error>(found.is_some_and(|manifest| job.is_finished(&manifest)))
        };
        if holder(folder).is_some() || !is_finished()? {
            let _lock = FolderLock::create(folder)?;
            // Another merge may have ended before the lock was taken, and on a file system without
            // locks at any time. It has removed the parts then.
            if !is_finished()? {
                match merge(&job, &terms) {
                    Err(error) if !is_finished()? => return Err(error),
                    _ => {}
                }
            }
        }
        remove_all_parts(folder)?;
        Self::open(folder)
    }
}

/// Publishes the parts in a folder and checks the terms.
fn merge(job: &ExtractionJob<'_>, terms: &TermsHeader) -> Result<(), Error> {
    let parts = FinishedParts::find(job.folder, job.extractor, job.source, terms)?;
    // Only terms that may be replaced: a finished store of these terms stays.
    let is_other = |found: Manifest| found.terms.difference(terms).is_some();
    if Manifest::find(job.folder).map_or(true, |found| found.is_some_and(is_other)) {
        remove_all_but(job.folder, &Manifest::new(terms.clone()))?;
    }
    let mut manifest = parts.publish(job)?;
    remove_all_but(job.folder, &manifest)?;
    match &parts.gaps {
        Some(gaps) => job.write_check(&mut manifest, gaps),
        None => job.conclude(manifest, job.extractor).map(|_| ()),
    }
}

/// All parts of an extraction, all finished.
struct FinishedParts {
    terms: TermsHeader,
    /// The shifts, if the store holds shifts.
    shifts: Option<Shifts>,
    /// The excess of other terms at every point, with the calibrated gauge.
    gaps: Option<Vec<DominanceGap>>,
    /// The pieces of every shard.
    shards: Vec<Vec<PartPiece>>,
}

impl FinishedParts {
    /// Finds the finished parts in a folder. If there are parts of several numbers of parts, those
    /// of the first number that is complete.
    fn find(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        terms: &TermsHeader,
    ) -> Result<Self, Error> {
        let mut first = None;
        for of in numbers_of_parts(folder)? {
            match Self::read(folder, of, (extractor, source), terms) {
                Ok(parts) => return Ok(parts),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::NoParts { folder: folder.to_owned() }))
    }

    fn read(
        folder: &Path,
        of: usize,
        (extractor, source): (&Extractor, &dyn PointSource),
        terms: &TermsHeader,
    ) -> Result<Self, Error> {
        let identity = identity_of_all(folder, of, terms)?;
        let files = StageFiles { folder, identity: &identity };
        let (shifts, gaps) = match (extractor.shifts(), identity.search(extractor, source)) {
            (Some(shifts), _) => (Some(shifts.clone()).filter(|_| terms.saves_shifts()), None),
            (None, None) => (Some(tight_shifts(extractor, files)?), None),
            (None, Some(search)) => {
                let Calibrated { shifts, gaps } = found(search, extractor, source, files)?;
                (Some(shifts), Some(gaps))
            }
        };
        let fingerprint = shifts.as_ref().map(Shifts::fingerprint);
        let mut shards: Vec<Vec<PartPiece>> = Vec::new();
        shards.resize_with(identity.terms.shard_count(), Vec::new);
        let (key, mut missing) = (identity.key(), Vec::new());
        let pieces = pieces_of_all(of, &identity.terms, identity.batch_size());
        for (part, pieces) in PartNumber::all(of).zip(pieces) {
            let own = PartFolder::new(folder, part);
            for piece in pieces {
                match PieceRecord::find(&own, &piece, &key)? {
                    Some(record) if record.shifts == fingerprint => {
                        let folder = own.clone();
                        shards[piece.shard].push(PartPiece { part, folder, record });
                    }
                    _ => missing.push(part),
                }
            }
        }
        missing.dedup();
        match missing.is_empty() {
            true => Ok(Self { terms: identity.terms, shifts, gaps, shards }),
            false => Err(missing_parts(folder, of, missing, None)),
        }
    }

    /// Writes shifts and shards to the store, and the manifest last.
    fn publish(&self, job: &ExtractionJob<'_>) -> Result<Manifest, Error> {
        let mut manifest = Manifest::new(self.terms.clone());
        if let Some(shifts) = &self.shifts {
            manifest.shifts = Some(shifts::write(job.folder, shifts, &self.terms)?);
        }
        for (number, pieces) in self.shards.iter().enumerate() {
            let devices = pieces.iter().flat_map(|piece| piece.record.devices.iter());
            devices.for_each(|device| manifest.add_device(device.clone()));
            let entry = publish_shard(job.folder, &self.terms, number, pieces)?;
            manifest.add_shard(number, entry);
            let points = self.terms.span(number).end;
            Cancelled::check((job.progress)(Progress::Joined { points, of: self.terms.points }))?;
        }
        manifest.write(&job.folder.join(MANIFEST))?;
        Ok(manifest)
    }
}

/// The tight shifts that parts found stage by stage.
fn tight_shifts(extractor: &Extractor, files: StageFiles<'_>) -> Result<Shifts, Error> {
    let specs = extractor.specs();
    let mut pullback = PartPullback::new(&specs, (Gauge::Tight, ShiftScale::FULL));
    for stage in 1..=PartPullback::stage_count(extractor.network()) {
        let minimum: StageMinimum = files.all((StageName::tight(stage), stage), 0)?;
        pullback.set_next(&minimum)?;
    }
    Ok(pullback.shifts())
}

/// The calibrated shifts that parts found.
fn found(
    mut search: PartSearch,
    extractor: &Extractor,
    source: &dyn PointSource,
    files: StageFiles<'_>,
) -> Result<Calibrated, Error> {
    let mut results = ReadResults { files, reduced: None };
    let found = calibrate(&mut search, extractor, source.len(), &mut results)?;
    let (stage, stages) = (search.check(), search.check());
    found.ok_or(Error::NoStage { stage, stages })
}
