//! Extraction of a whole source into a store, resumable after every shard.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use super::builder::ShardBuilder;
use super::files::remove_all_but;
use super::manifest::{Manifest, ShardEntry, TermsHeader};
use super::shard::Shard;
use super::{ExtractOptions, MANIFEST, PointSource, Progress, TermStore, memory, shifts};
use crate::terms::{ExtractedFunction, Extractor, Passed, SelfCheck, Shelf, Shifts, TightWalk};
use crate::{Error, Placement};

/// Bytes that one batch may take, about. More does not make products faster.
const BATCH_BYTES: usize = 48 << 20;

/// Points of a batch at most.
const BATCH_POINTS: usize = 1024;

impl TermStore {
    /// Extracts the terms of all points of a source into a folder.
    ///
    /// Shards that an interrupted extraction finished are kept, as far as they are whole; a
    /// finished store is opened as it is. Memory holds one shard and one batch, and with the tight
    /// gauge [as much as it may](ExtractOptions::memory) besides.
    ///
    /// The shifts of the tight gauge are found first, from all points. An extraction that is
    /// interrupted before they are saved starts anew; one that is interrupted later goes on under
    /// them, like any other.
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
        remove_all_but(folder, &manifest)?;
        let resumed = shifts.map(|shifts| extractor.resumed(shifts));
        let extractor = resumed.as_ref().unwrap_or(extractor);
        Extraction { folder, extractor, source, options, progress }.finish(manifest)?;
        Self::open(folder)
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
    /// They are extracted when they are needed.
    Extractor,
    /// They were extracted together, to find their shifts.
    Walk(TightWalk),
}

/// An extraction into a folder.
struct Extraction<'a> {
    folder: &'a Path,
    extractor: &'a Extractor,
    source: &'a dyn PointSource,
    options: &'a ExtractOptions,
    progress: &'a dyn Fn(Progress),
}

impl Extraction<'_> {
    /// Extracts what a manifest lacks. The manifest is written after every shard, so that all it
    /// lists was whole once.
    fn finish(&self, mut manifest: Manifest) -> Result<(), Error> {
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
            manifest.check = Some(self.check(&manifest)?);
            manifest.write(&path)?;
        }
        Ok(())
    }

    /// Finds the shifts if they are those of the points themselves and not known yet, and saves
    /// them where they are part of the store.
    fn supply(&self, manifest: &mut Manifest, is_needed: bool) -> Result<Supply, Error> {
        let supply = match self.extractor.shifts() {
            None if is_needed => Supply::Walk(self.walk(&manifest.terms)?),
            _ => Supply::Extractor,
        };
        let shifts = match &supply {
            Supply::Walk(walk) => Some(walk.shifts()),
            Supply::Extractor => self.extractor.shifts(),
        };
        if let Some(shifts) = shifts
            && manifest.terms.saves_shifts()
            && manifest.shifts.is_none()
        {
            manifest.shifts = Some(shifts::write(self.folder, shifts, &manifest.terms)?);
            manifest.write(&self.folder.join(MANIFEST))?;
        }
        Ok(supply)
    }

    fn walk(&self, terms: &TermsHeader) -> Result<TightWalk, Error> {
        let shards = (0..terms.shard_count()).map(|number| terms.span(number));
        let batches: Vec<_> = shards.flat_map(|span| self.batches(span)).collect();
        let memory = self.options.memory.unwrap_or_else(|| memory::free() / 2);
        let shelf = Shelf::new(memory, self.folder);
        let read = |range| read(self.source, range);
        TightWalk::new(
            self.extractor,
            &batches,
            &read,
            shelf,
            &|Passed { points, stage, stages }| {
                (self.progress)(Progress::Shifted { points, of: self.source.len(), stage, stages });
            },
        )
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
                Supply::Extractor => self.extractor.extract(&points)?,
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

    /// Whether the self-check is done, at no fewer points than asked for.
    fn is_checked(&self, manifest: &Manifest) -> bool {
        let wanted = self.options.dominance_points.min(manifest.terms.points);
        let checked = |check: &SelfCheck| check.dominance.as_ref().map_or(0, |d| d.checked);
        manifest.check.as_ref().is_some_and(|check| checked(check) >= wanted)
    }

    /// The figures of all shards together, and dominance at evenly spaced points.
    fn check(&self, manifest: &Manifest) -> Result<SelfCheck, Error> {
        let shards = manifest.shards.iter();
        let mut check = shards.fold(SelfCheck::empty(), |check, shard| check.merge(&shard.check));
        let store = TermStore { folder: self.folder.to_owned(), manifest: manifest.clone() };
        let all = store.len();
        let count = self.options.dominance_points.min(all);
        if count > 0 {
            let sample: Vec<usize> = (0..count).map(|point| point * all / count).collect();
            let placement: &Placement = self.extractor.network().placement();
            let function = ExtractedFunction::new(&store, placement.device())?;
            let report = |terms| (self.progress)(Progress::Checked { terms, of: all });
            check.dominance = Some(function.dominance(self.source, &sample, &report)?);
        }
        Ok(check)
    }
}

fn read(source: &dyn PointSource, range: Range<usize>) -> Result<Vec<f32>, Error> {
    let expected = range.len() * source.features();
    let points = source.read(range);
    if points.len() == expected {
        return Ok(points);
    }
    Err(Error::shape("values read from the source", points.len(), expected))
}
