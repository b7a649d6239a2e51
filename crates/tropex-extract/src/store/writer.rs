//! Extraction of a whole source into a store, resumable after every shard.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use super::builder::ShardBuilder;
use super::files::remove_all_but;
use super::manifest::{Manifest, ShardEntry, TermsHeader};
use super::search::{Search, evenly};
use super::shard::Shard;
use super::source::read;
use super::{ExtractOptions, MANIFEST, PointSource, Progress, TermStore, memory, shifts};
use crate::Error;
use crate::terms::{
    Calibration, Dominance, ExtractedFunction, Extractor, Gap, Gauge, Passed, Scale, Searched,
    SelfCheck, Shelf, Shifts, TightWalk,
};

/// Bytes that one batch may take, about. More does not make products faster.
const BATCH_BYTES: usize = 48 << 20;

/// Points of a batch at most.
const BATCH_POINTS: usize = 1024;

impl TermStore {
    /// Extracts the terms of all points of a source into a folder.
    ///
    /// Shards that an interrupted extraction finished are kept, as far as they are whole; a
    /// finished store is opened as it is. Memory holds one shard and one batch, and if shifts
    /// depend on points [as much as it may](ExtractOptions::memory) besides.
    ///
    /// Shifts that depend on points are found first, from all of them. An extraction that is
    /// interrupted before they are saved starts anew; one that is interrupted later goes on under
    /// them, like any other. Those of the calibrated gauge are found by trial at
    /// [some points](ExtractOptions::dominance_points), and again if the check at all points
    /// refutes them.
    ///
    /// # Errors
    /// A folder with terms of other settings; whatever hinders reading or writing.
    pub fn extract(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let mut manifest = match existing(folder, &terms) {
            Err(error) if !options.replace => return Err(error),
            found => found.ok().flatten().unwrap_or_else(|| Manifest::new(terms)),
        };
        let shifts = manifest.shifts.as_ref().and_then(|entry| {
            shifts::read(folder, entry, &manifest.terms, extractor.network()).ok()
        });
        if shifts.is_none() {
            // Terms are worth nothing without the shifts that they were extracted under.
            manifest = manifest.without_shifts();
        }
        let mut search = Search::among(source.len(), options.dominance_points);
        let mut known = shifts;
        loop {
            remove_all_but(folder, &manifest)?;
            let terms = manifest.terms.clone();
            let resumed = known.take().map(|shifts| extractor.resumed(shifts));
            let extractor = resumed.as_ref().unwrap_or(extractor);
            let extraction =
                Extraction { folder, extractor, source, options, search: &search, progress };
            match extraction.finish(manifest)? {
                None => return Self::open(folder),
                Some(further) => (search, manifest) = (further, Manifest::new(terms)),
            }
        }
    }
}

fn header(
    extractor: &Extractor,
    source: &dyn PointSource,
    shard_bytes: usize,
) -> Result<TermsHeader, Error> {
    let network = extractor.network();
    if source.is_empty() {
        return Err(Error::shape("points to extract", 0, "at least one"));
    }
    if source.features() != network.features() {
        return Err(Error::shape("values per point", source.features(), network.features()));
    }
    let precision = network.placement().precision();
    let row = network.features() * precision.bytes() * (extractor.per_point() + 1);
    Ok(TermsHeader {
        network: extractor.fingerprint(),
        source: source.fingerprint(),
        gauge: extractor.gauge(),
        shifts: extractor.shifts_of_others().map(Shifts::fingerprint),
        precision,
        classes: extractor.classes(),
        class_count: network.classes(),
        input_shape: network.input_shape().to_vec(),
        points: source.len(),
        shard_points: (shard_bytes / row).clamp(1, source.len()),
    })
}

/// The manifest of an earlier extraction of the same terms.
fn existing(folder: &Path, terms: &TermsHeader) -> Result<Option<Manifest>, Error> {
    let path = folder.join(MANIFEST);
    if !path.exists() {
        return Ok(None);
    }
    let manifest = Manifest::read(&path)?;
    manifest.expect(&path, terms)?;
    Ok(Some(manifest))
}

/// Where the terms of a batch come from.
enum Supply {
    /// They are extracted when they are needed, under shifts that are known.
    Extractor(Extractor),
    /// They were extracted together, to find their shifts.
    Walk(TightWalk),
}

impl Supply {
    fn shifts(&self) -> Option<&Shifts> {
        match self {
            Self::Extractor(extractor) => extractor.shifts(),
            Self::Walk(walk) => Some(walk.shifts()),
        }
    }
}

/// An extraction into a folder.
struct Extraction<'a> {
    folder: &'a Path,
    extractor: &'a Extractor,
    source: &'a dyn PointSource,
    options: &'a ExtractOptions,
    search: &'a Search,
    progress: &'a dyn Fn(Progress),
}

impl Extraction<'_> {
    /// Extracts what a manifest lacks. The manifest is written after every shard, so that all it
    /// lists was whole once. If the terms turn out to need other shifts, it says where to go on
    /// looking for them.
    fn finish(&self, mut manifest: Manifest) -> Result<Option<Search>, Error> {
        let path = self.folder.join(MANIFEST);
        let terms = manifest.terms.clone();
        let whole = self.whole_shards(&manifest);
        let missing: Vec<usize> =
            (0..terms.shard_count()).filter(|number| !whole.contains(number)).collect();
        let mut done = whole.iter().map(|&number| terms.span(number).len()).sum();
        self.extracted(done);
        let mut supply = self.supply(&mut manifest, !missing.is_empty())?;
        for number in missing {
            let entry = self.extract_shard(&terms, number, done, &mut supply)?;
            done += entry.points;
            match manifest.shards.get_mut(number) {
                Some(damaged) => *damaged = entry,
                None => manifest.shards.push(entry),
            }
            manifest.check = None;
            manifest.write(&path)?;
        }
        if !self.is_checked(&manifest) {
            let gaps = self.gaps(&manifest)?;
            if let Some(shifts) = supply.shifts().filter(|_| self.is_calibrated())
                && let Some(further) = self.search.after(shifts.step(), &gaps, terms.precision)
            {
                return Ok(Some(further));
            }
            manifest.check = Some(check(&manifest, &gaps));
            manifest.write(&path)?;
        }
        Ok(None)
    }

    /// Whether the shifts are those of the points themselves, as small as a check allows.
    fn is_calibrated(&self) -> bool {
        self.extractor.gauge() == Gauge::Calibrated && self.extractor.shifts_of_others().is_none()
    }

    /// Finds the shifts if they are those of the points themselves and not known yet, and saves
    /// them where they are part of the store.
    fn supply(&self, manifest: &mut Manifest, is_needed: bool) -> Result<Supply, Error> {
        let supply = match self.extractor.shifts() {
            None if is_needed && self.is_calibrated() => {
                let shifts = self.calibrate(&manifest.terms)?;
                Supply::Extractor(self.extractor.resumed(shifts))
            }
            None if is_needed => Supply::Walk(self.walk(&manifest.terms)?),
            _ => Supply::Extractor(self.extractor.clone()),
        };
        if let Some(shifts) = supply.shifts()
            && manifest.terms.saves_shifts()
            && manifest.shifts.is_none()
        {
            manifest.shifts = Some(shifts::write(self.folder, shifts, &manifest.terms)?);
            manifest.write(&self.folder.join(MANIFEST))?;
        }
        Ok(supply)
    }

    fn walk(&self, terms: &TermsHeader) -> Result<TightWalk, Error> {
        let (batches, read) = (self.all_batches(terms), |range| read(self.source, range));
        let passed = |passed| self.passed(passed);
        TightWalk::new(self.extractor, Scale::WHOLE, &batches, &read, self.shelf(), &passed)
    }

    fn calibrate(&self, terms: &TermsHeader) -> Result<Shifts, Error> {
        let calibration = Calibration {
            extractor: self.extractor,
            batches: &self.all_batches(terms),
            read: &|range| read(self.source, range),
            shelf: &|| self.shelf(),
            chosen: &self.search.chosen,
            points: &self.search.read(self.source)?,
            refuted: self.search.refuted,
        };
        calibration.find(&|searched| match searched {
            Searched::Trial { trial, of } => (self.progress)(Progress::Trial { trial, of }),
            Searched::Passed(passed) => self.passed(passed),
            Searched::Compared(terms) => self.checked(terms),
        })
    }

    /// Where rows wait.
    fn shelf(&self) -> Shelf {
        let memory = self.options.memory.unwrap_or_else(|| memory::free() / 2);
        Shelf::new(memory, self.folder)
    }

    fn passed(&self, Passed { points, stage, stages }: Passed) {
        (self.progress)(Progress::Shifted { points, of: self.source.len(), stage, stages });
    }

    fn checked(&self, terms: usize) {
        (self.progress)(Progress::Checked { terms, of: self.source.len() });
    }

    fn all_batches(&self, terms: &TermsHeader) -> Vec<Range<usize>> {
        let shards = (0..terms.shard_count()).map(|number| terms.span(number));
        shards.flat_map(|span| self.batches(span)).collect()
    }

    /// The batches that a shard's points are extracted in: the same whenever they are.
    fn batches(&self, span: Range<usize>) -> Vec<Range<usize>> {
        let fitting = || self.extractor.batch_for(BATCH_BYTES).min(BATCH_POINTS);
        let batch = self.options.batch.unwrap_or_else(fitting).max(1);
        let starts = span.clone().step_by(batch);
        starts.map(|start| start..span.end.min(start.saturating_add(batch))).collect()
    }

    /// Numbers of the shards that are there and undamaged.
    fn whole_shards(&self, manifest: &Manifest) -> HashSet<usize> {
        let is_whole = |(number, entry): &(usize, &ShardEntry)| {
            let first = manifest.terms.span(*number).start;
            Shard::read(&self.folder.join(&entry.file), entry, &manifest.terms, first).is_ok()
        };
        manifest.shards.iter().enumerate().filter(is_whole).map(|(number, _)| number).collect()
    }

    /// Extracts and writes a shard; `done` points are in other shards.
    fn extract_shard(
        &self,
        terms: &TermsHeader,
        number: usize,
        done: usize,
        supply: &mut Supply,
    ) -> Result<ShardEntry, Error> {
        let span = terms.span(number);
        let mut shard = ShardBuilder::new(terms, span.start, span.len());
        for batch in self.batches(span.clone()) {
            let (start, end) = (batch.start, batch.end);
            let points = read(self.source, batch)?;
            let terms = match supply {
                Supply::Extractor(extractor) => extractor.extract(&points)?,
                Supply::Walk(walk) => walk.take(self.extractor, start)?,
            };
            shard.append(&terms, &points, self.source);
            self.extracted(done + end - span.start);
        }
        shard.write(self.folder, number)
    }

    fn extracted(&self, points: usize) {
        (self.progress)(Progress::Extracted { points, of: self.source.len() });
    }

    /// At how many points own terms are to be compared with all others.
    fn points_to_check(&self) -> usize {
        let all = self.source.len();
        if self.is_calibrated() { all } else { self.options.dominance_points.min(all) }
    }

    /// Whether the self-check is done, at no fewer points than asked for.
    fn is_checked(&self, manifest: &Manifest) -> bool {
        let checked = |check: &SelfCheck| check.dominance.as_ref().map_or(0, |d| d.checked);
        manifest.check.as_ref().is_some_and(|check| checked(check) >= self.points_to_check())
    }

    /// How far other terms exceed those of evenly spaced points, at these.
    fn gaps(&self, manifest: &Manifest) -> Result<Vec<Gap>, Error> {
        let chosen = evenly(self.source.len(), self.points_to_check());
        let store = TermStore { folder: self.folder.to_owned(), manifest: manifest.clone() };
        let function =
            ExtractedFunction::new(&store, self.extractor.network().placement().device())?;
        function.gaps(self.source, &chosen, &|terms| self.checked(terms))
    }
}

/// The figures of all shards together.
fn check(manifest: &Manifest, gaps: &[Gap]) -> SelfCheck {
    let shards = manifest.shards.iter();
    let check = shards.fold(SelfCheck::empty(), |check, shard| check.merge(&shard.check));
    let dominance = (!gaps.is_empty()).then(|| Dominance::of(gaps, manifest.terms.precision));
    SelfCheck { dominance, ..check }
}
