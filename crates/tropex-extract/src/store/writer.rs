//! Extraction of a whole source into a store, resumable after every shard.

use std::collections::HashSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

use super::builder::ShardBuilder;
use super::files::remove_all_but;
use super::manifest::{Manifest, ShardEntry, TermsHeader};
use super::shard::Shard;
use super::{MANIFEST, PointSource, TermStore};
use crate::terms::{ExtractedFunction, Extractor, SelfCheck};
use crate::{Error, Placement};

/// Bytes that one batch may take, about. More does not make products faster.
const BATCH_BYTES: usize = 48 << 20;

/// Points of a batch at most.
const BATCH_POINTS: usize = 1024;

/// How to extract a source.
#[derive(Clone, Debug)]
pub struct ExtractOptions {
    /// Points in memory at a time; chosen from the size of the network where there is none.
    pub batch: Option<usize>,
    /// Points at which own terms are compared with all other terms. This costs one row of products
    /// per point, so all points of a large source take longer than their extraction.
    pub dominance_points: usize,
    /// Bytes of the coefficients in one shard, about: so much is in memory at a time, and is lost
    /// by an interruption. An extraction that is resumed keeps the shards it began with.
    pub shard_bytes: usize,
    /// Whether terms of other settings, or terms that cannot be read, are deleted instead of
    /// refused. Only files that a store writes are.
    pub replace: bool,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self { batch: None, dominance_points: 1000, shard_bytes: 64 << 20, replace: false }
    }
}

/// How far an extraction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Points extracted, of all.
    Extracted {
        /// Points done, those of earlier runs included.
        points: usize,
        /// All points.
        of: usize,
    },
    /// Terms compared, of all, in the self-check.
    Checked {
        /// Terms done.
        terms: usize,
        /// All terms.
        of: usize,
    },
}

impl TermStore {
    /// Extracts the terms of all points of a source into a folder.
    ///
    /// Shards that an interrupted extraction finished are kept, as far as they are whole; a
    /// finished store is opened as it is. Memory holds one shard and one batch.
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
        let manifest = match existing(folder, &terms) {
            Err(error) if !options.replace => return Err(error),
            found => found.ok().flatten().unwrap_or_else(|| Manifest::new(terms)),
        };
        remove_all_but(folder, manifest.shards.len())?;
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
        let mut done = whole.iter().map(|&number| terms.span(number).len()).sum();
        self.extracted(done);
        for number in (0..terms.shard_count()).filter(|number| !whole.contains(number)) {
            let entry = self.extract_shard(&terms, number, done)?;
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
    ) -> Result<ShardEntry, Error> {
        let span = terms.span(number);
        let batch = self.options.batch;
        let batch =
            batch.unwrap_or_else(|| self.extractor.batch_for(BATCH_BYTES).min(BATCH_POINTS));
        let mut shard = ShardBuilder::new(terms, span.start, span.len());
        for start in span.clone().step_by(batch.max(1)) {
            let end = span.end.min(start.saturating_add(batch));
            let points = read(self.source, start..end)?;
            shard.append(&self.extractor.extract(&points)?, &points, self.source);
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
