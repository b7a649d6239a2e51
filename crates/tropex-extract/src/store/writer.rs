//! Extraction of a whole source into a store, resumable after every shard.

use std::fs;
use std::path::Path;

use super::manifest::{Manifest, TermsHeader};
use super::shard::{Shard, ShardBuilder};
use super::{MANIFEST, PointSource, TermStore};
use crate::terms::{ExtractedFunction, Extractor, SelfCheck};
use crate::{Error, Placement};

/// Bytes of one shard, about.
const SHARD_BYTES: usize = 64 << 20;

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
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self { batch: None, dominance_points: 1000 }
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
    /// Shards that an interrupted run finished are kept, as far as they are whole; a finished
    /// store is opened as it is. Memory holds one shard and one batch.
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
        let terms = header(extractor, source)?;
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let path = folder.join(MANIFEST);
        let mut manifest = if path.exists() {
            let manifest = Manifest::read(&path)?;
            manifest.expect(&path, &terms)?;
            with_whole_shards(folder, manifest)
        } else {
            Manifest::new(terms)
        };
        extract_shards(folder, &mut manifest, extractor, source, options, progress)?;
        if manifest.check.is_none() {
            manifest.check = Some(check(folder, &manifest, extractor, source, options, progress)?);
            manifest.write(&path)?;
        }
        Self::open(folder)
    }
}

fn header(extractor: &Extractor, source: &dyn PointSource) -> Result<TermsHeader, Error> {
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
        shard_points: (SHARD_BYTES / row).clamp(1, source.len()),
    })
}

/// The manifest up to the first shard that is missing or damaged.
fn with_whole_shards(folder: &Path, mut manifest: Manifest) -> Manifest {
    let is_whole = |entry: &&super::ShardEntry| {
        Shard::read(&folder.join(&entry.file), entry, &manifest.terms, 0).is_ok()
    };
    let whole = manifest.shards.iter().take_while(is_whole).count();
    if whole < manifest.shards.len() {
        manifest.shards.truncate(whole);
        manifest.check = None;
    }
    manifest
}

fn extract_shards(
    folder: &Path,
    manifest: &mut Manifest,
    extractor: &Extractor,
    source: &dyn PointSource,
    options: &ExtractOptions,
    progress: &dyn Fn(Progress),
) -> Result<(), Error> {
    let terms = manifest.terms.clone();
    let batch = options
        .batch
        .unwrap_or_else(|| extractor.batch_for(BATCH_BYTES).min(BATCH_POINTS))
        .clamp(1, terms.shard_points);
    let mut done: usize = manifest.shards.iter().map(|shard| shard.points).sum();
    progress(Progress::Extracted { points: done, of: terms.points });
    while done < terms.points {
        let end = (done + terms.shard_points).min(terms.points);
        let mut shard = ShardBuilder::new(&terms, done, end - done);
        while done < end {
            let next = (done + batch).min(end);
            let points = source.read(done..next);
            shard.append(&extractor.extract(&points)?, &points, source);
            done = next;
            progress(Progress::Extracted { points: done, of: terms.points });
        }
        manifest.shards.push(shard.write(folder, manifest.shards.len())?);
        manifest.write(&folder.join(MANIFEST))?;
    }
    Ok(())
}

/// The figures of all shards together, and dominance at evenly spaced points.
fn check(
    folder: &Path,
    manifest: &Manifest,
    extractor: &Extractor,
    source: &dyn PointSource,
    options: &ExtractOptions,
    progress: &dyn Fn(Progress),
) -> Result<SelfCheck, Error> {
    let shards = manifest.shards.iter();
    let mut check = shards.fold(SelfCheck::empty(), |check, shard| check.merge(&shard.check));
    let store = TermStore { folder: folder.to_owned(), manifest: manifest.clone() };
    let count = options.dominance_points.min(source.len());
    if count > 0 {
        let sample: Vec<usize> = (0..count).map(|point| point * source.len() / count).collect();
        let placement: &Placement = extractor.network().placement();
        let function = ExtractedFunction::new(&store, placement.device())?;
        let report = |terms| progress(Progress::Checked { terms, of: store.len() });
        check.dominance = Some(function.dominance(source, &sample, &report)?);
    }
    Ok(check)
}
