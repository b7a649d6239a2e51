//! The steps of an extraction into a folder.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tropex_files::free_memory;
use tropex_kernels::Cancelled;

use super::batch_size::BatchSize;
use super::calibration::{Calibration, CalibrationProgress};
use super::calibration_state::CalibrationState;
use super::shard_extraction::{ShardExtraction, ShardPiece};
use super::term_source::TermSource;
use super::{ExtractOptions, Progress};
use crate::gauge::tight::{SpillBuffer, StageProgress, TightPullback};
use crate::gauge::{ShiftScale, Shifts};
use crate::points::read;
use crate::store::{IN_MEMORY, MANIFEST, Manifest, ShardEntry, ShardFile, TermsHeader, shifts};
use crate::terms::{Dominance, DominanceGap, SelfCheck};
use crate::{Error, ExtractedFunction, Extractor, PointSource, TermStore};

/// An extraction into a folder.
pub(super) struct ExtractionJob<'a> {
    pub(super) folder: &'a Path,
    pub(super) extractor: &'a Extractor,
    pub(super) source: &'a dyn PointSource,
    pub(super) options: &'a ExtractOptions,
    pub(super) search: &'a CalibrationState,
    pub(super) progress: &'a dyn Fn(Progress) -> ControlFlow<()>,
}

impl ExtractionJob<'_> {
    /// Extracts the missing shards. The manifest is written after every shard, so that every listed
    /// shard is complete. If the check refutes the shifts, the result is the state for the next
    /// search.
    pub(super) fn finish(&self, mut manifest: Manifest) -> Result<Option<CalibrationState>, Error> {
        let whole = self.whole_shards(&manifest);
        let terms = &manifest.terms;
        let missing: Vec<usize> =
            (0..terms.shard_count()).filter(|number| !whole.contains(number)).collect();
        let done = whole.iter().map(|&number| terms.span(number).len()).sum();
        Cancelled::check(self.extracted(done))?;
        let term_source = self.term_source(&mut manifest, !missing.is_empty())?;
        self.extract_shards(&missing, done, &term_source, &mut manifest)?;
        self.conclude(manifest, &term_source.extractor)
    }

    /// Checks complete terms that were extracted with an extractor. If the check refutes the
    /// shifts, the result is the state for the next search.
    pub(super) fn conclude(
        &self,
        mut manifest: Manifest,
        extractor: &Extractor,
    ) -> Result<Option<CalibrationState>, Error> {
        if !self.is_checked(&manifest) {
            let gaps = self.gaps(&manifest)?;
            let precision = manifest.terms.precision;
            if let Some(shifts) = extractor.shifts().filter(|_| self.extractor.is_calibrated())
                && let Some(next) = self.search.after_check(shifts.shift_scale(), &gaps, precision)
            {
                return Ok(Some(next));
            }
            self.write_check(&mut manifest, &gaps)?;
        }
        CalibrationState::remove(self.folder)?;
        Ok(None)
    }

    /// Writes the self-check with the excess of other terms over those of points.
    pub(super) fn write_check(
        &self,
        manifest: &mut Manifest,
        gaps: &[DominanceGap],
    ) -> Result<(), Error> {
        manifest.check = Some(check(manifest, gaps));
        manifest.write(&self.manifest())
    }

    /// Whether the manifest lists a complete and checked extraction with intact files.
    pub(super) fn is_finished(&self, manifest: &Manifest) -> bool {
        let shifts = || {
            let entry = manifest.shifts.as_ref();
            let network = self.extractor.network();
            entry.is_none_or(|entry| {
                shifts::read(self.folder, entry, &manifest.terms, network).is_ok()
            })
        };
        self.is_checked(manifest)
            && shifts()
            && self.whole_shards(manifest).len() == manifest.terms.shard_count()
    }

    fn manifest(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    /// Finds the shifts, if they depend on the extracted points and are not known. Saves them, if
    /// they are part of the store.
    fn term_source(&self, manifest: &mut Manifest, is_needed: bool) -> Result<TermSource, Error> {
        let term_source = match self.extractor.shifts() {
            None if is_needed && self.extractor.is_calibrated() => {
                let shifts = self.calibrate(&manifest.terms)?;
                TermSource::of(self.extractor.with_found_shifts(&shifts)?)
            }
            None if is_needed => {
                let walk = self.pull_back(&manifest.terms)?;
                TermSource {
                    extractor: self.extractor.with_found_shifts(walk.shifts())?,
                    pullback: Some(walk),
                }
            }
            _ => TermSource::of(self.extractor.clone()),
        };
        if let Some(shifts) = term_source.extractor.shifts()
            && manifest.terms.saves_shifts()
            && manifest.shifts.is_none()
        {
            manifest.shifts = Some(shifts::write(self.folder, shifts, &manifest.terms)?);
            manifest.write(&self.manifest())?;
        }
        Ok(term_source)
    }

    fn pull_back(&self, terms: &TermsHeader) -> Result<TightPullback, Error> {
        let (batches, read) = (self.batch_size().of_all(terms), |range| read(self.source, range));
        let passed = |passed| self.passed(passed);
        let (specs, gauge) = (self.extractor.specs(), (self.extractor.gauge(), ShiftScale::FULL));
        TightPullback::new(&specs, gauge, &batches, &read, self.buffer(), &passed)
    }

    fn calibrate(&self, terms: &TermsHeader) -> Result<Shifts, Error> {
        let calibration = Calibration {
            extractor: self.extractor,
            batches: &self.batch_size().of_all(terms),
            read: &|range| read(self.source, range),
            buffer: &|| self.buffer(),
            chosen: &self.search.chosen,
            points: &self.search.read(self.source)?,
            trials: self.search.trials,
            after_trial: &|trials| self.search.with_trials(trials).write(self.folder, terms),
        };
        calibration.run(&|searched| match searched {
            CalibrationProgress::Trial { trial, of } => {
                (self.progress)(Progress::Trial { trial, of })
            }
            CalibrationProgress::StageProgress(passed) => self.passed(passed),
            CalibrationProgress::Compared(terms) => self.checked(terms),
        })
    }

    /// The buffer for rows between two stages.
    fn buffer(&self) -> SpillBuffer {
        let memory = self.options.memory.unwrap_or_else(|| free_memory() / 2);
        SpillBuffer::new(memory, self.folder)
    }

    fn passed(&self, StageProgress { points, stage, stages }: StageProgress) -> ControlFlow<()> {
        (self.progress)(Progress::Shifted { points, of: self.source.len(), stage, stages })
    }

    fn checked(&self, terms: usize) -> ControlFlow<()> {
        (self.progress)(Progress::Checked { terms, of: self.source.len() })
    }

    fn batch_size(&self) -> BatchSize {
        BatchSize::of(self.extractor, self.options)
    }

    /// Numbers of the listed shards that are intact.
    fn whole_shards(&self, manifest: &Manifest) -> HashSet<usize> {
        let is_whole = |(number, entry): &(usize, &ShardEntry)| {
            let first = manifest.terms.span(*number).start;
            let file = ShardFile::open(self.folder, entry, &manifest.terms, first, IN_MEMORY);
            file.is_ok_and(|mut pieces| pieces.all(|piece| piece.is_ok()))
        };
        manifest.shards.iter().enumerate().filter(is_whole).map(|(number, _)| number).collect()
    }

    /// Extracts shards on all devices and writes them one by one. `done` is the number of points in
    /// other shards.
    fn extract_shards(
        &self,
        numbers: &[usize],
        done: usize,
        term_source: &TermSource,
        manifest: &mut Manifest,
    ) -> Result<(), Error> {
        if numbers.is_empty() {
            return Ok(());
        }
        for extractor in term_source.extractor.on_all_devices() {
            manifest.add_device(extractor.network().target().device_name());
        }
        let terms = manifest.terms.clone();
        let piece = |&shard: &usize| {
            let batches = self.batch_size().in_shard(terms.span(shard));
            ShardPiece { shard, batches }
        };
        let pieces: Vec<ShardPiece> = numbers.iter().map(piece).collect();
        let extraction = ShardExtraction {
            extractor: &term_source.extractor,
            source: self.source,
            terms: &terms,
            terms_of: &|extractor, batch| term_source.terms(extractor, self.source, batch),
        };
        let mut done = done;
        let on_batch = |points| {
            done += points;
            self.extracted(done)
        };
        extraction.run(&pieces, on_batch, |piece, shard| {
            manifest.add_shard(piece.shard, shard.write(self.folder, piece.shard)?);
            manifest.write(&self.manifest())
        })
    }

    pub(super) fn extracted(&self, points: usize) -> ControlFlow<()> {
        (self.progress)(Progress::Extracted { points, of: self.source.len() })
    }

    /// Number of points whose terms are compared with all other terms.
    fn points_to_check(&self) -> usize {
        let all = self.source.len();
        if self.extractor.is_calibrated() { all } else { self.options.dominance_points.min(all) }
    }

    /// Whether the self-check covers the requested number of points.
    fn is_checked(&self, manifest: &Manifest) -> bool {
        let checked = |check: &SelfCheck| check.dominance.as_ref().map_or(0, |d| d.checked);
        manifest.check.as_ref().is_some_and(|check| checked(check) >= self.points_to_check())
    }

    /// The excess of other terms over the terms of a representative sample of points.
    fn gaps(&self, manifest: &Manifest) -> Result<Vec<DominanceGap>, Error> {
        let chosen = self.source.sample(self.points_to_check());
        let store = TermStore::unfinished(self.folder, manifest);
        let extractors = self.extractor.on_all_devices();
        let devices = extractors.iter().map(|extractor| extractor.network().target().device());
        let devices: Vec<Device> = devices.cloned().collect();
        let function = ExtractedFunction::new(&store, &devices[0])?.share_with(&devices[1..])?;
        function.gaps(self.source, &chosen, &|terms| self.checked(terms))
    }
}

/// The self-check of all shards together.
fn check(manifest: &Manifest, gaps: &[DominanceGap]) -> SelfCheck {
    let shards = manifest.shards.iter();
    let check = shards.fold(SelfCheck::empty(), |check, shard| check.merge(&shard.check));
    let dominance = (!gaps.is_empty()).then(|| Dominance::of(gaps, manifest.terms.precision));
    SelfCheck { dominance, ..check }
}
