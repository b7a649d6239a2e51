//! Extraction of a whole source into a store, resumable after every shard.

use std::path::Path;

use tropex_files::{FolderLock, holder, remove_leftovers};

use super::calibration::CalibrationState;
use super::extraction::Extraction;
use super::{ExtractOptions, Progress};
use crate::gauge::Shifts;
use crate::store::{MANIFEST, Manifest, TermsHeader, cause, files, is_absent, shifts};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Extracts the terms of all points of a source into a folder.
    ///
    /// Shards that an interrupted extraction finished are kept, as far as they are whole; a
    /// finished store is opened as it is. Memory holds a shard and a batch, and if shifts
    /// depend on points [as much as it may](ExtractOptions::memory) besides. On `flex` every thread
    /// takes a batch, and terms are written while others are computed: then memory holds a batch a
    /// thread, and the terms of one shard more.
    ///
    /// Several devices (see [`Extractor::share_with`]) share the batches: of the extraction, and of
    /// every pass through the network that looks for shifts. Then memory holds a batch a device,
    /// and the terms of one shard more. The points of the self-check are shared too if they are
    /// many; the shifts of the worst case, which need none, are found on the first device. An
    /// extraction can be resumed on any devices.
    ///
    /// Shifts that depend on points are found first, from all of them. An extraction that is
    /// interrupted before they are saved starts anew; one that is interrupted later goes on under
    /// them, like any other. Those of the calibrated gauge are found by trial at
    /// [some points](ExtractOptions::dominance_points), and again if the check at all points
    /// refutes them. An extraction that is interrupted meanwhile goes on after the last trial that
    /// was finished.
    ///
    /// The folder is locked meanwhile, unless all is done already.
    ///
    /// # Errors
    /// A folder with terms of other settings, or that another process works in; whatever hinders
    /// reading or writing.
    pub fn extract(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress),
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        let search = CalibrationState::among(source, options.dominance_points);
        let mut search = search.resumed(folder, &terms);
        let begun = Extraction { folder, extractor, source, options, search: &search, progress };
        remove_leftovers(folder);
        // Who finds everything done only reads, and needs no lock.
        if let Some(manifest) = existing(folder, &terms, options)?
            && holder(folder).is_none()
            && begun.is_finished(&manifest)
        {
            begun.extracted(source.len());
            return Self::open(folder);
        }
        let _lock = FolderLock::create(folder)?;
        // Another process may have gone on in between.
        let found = existing(folder, &terms, options)?;
        let mut manifest = found.unwrap_or_else(|| Manifest::new(terms));
        let mut known = saved_shifts(folder, &manifest, extractor)?;
        if known.is_none() {
            // Terms are worth nothing without the shifts that they were extracted under.
            manifest = manifest.without_shifts();
        }
        loop {
            files::remove_all_but(folder, &manifest)?;
            let terms = manifest.terms.clone();
            let resumed =
                known.take().map(|shifts| extractor.with_found_shifts(&shifts)).transpose()?;
            let extractor = resumed.as_ref().unwrap_or(extractor);
            let extraction =
                Extraction { folder, extractor, source, options, search: &search, progress };
            match extraction.finish(manifest)? {
                None => return Self::open(folder),
                Some(further) => {
                    // Before the terms that were refuted are removed.
                    further.write(folder, &terms)?;
                    (search, manifest) = (further, Manifest::new(terms));
                }
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
    let precision = network.target().precision();
    let row = network.features() * precision.bytes() * (extractor.per_point() + 1);
    Ok(TermsHeader {
        network: extractor.fingerprint(),
        source: source.fingerprint(),
        subset: source.subset(),
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

/// The shifts that an earlier extraction found; `None` if they are lost or damaged. Those that just
/// cannot be read are an error, for what was extracted under them is worth keeping.
fn saved_shifts(
    folder: &Path,
    manifest: &Manifest,
    extractor: &Extractor,
) -> Result<Option<Shifts>, Error> {
    let Some(entry) = &manifest.shifts else { return Ok(None) };
    match shifts::read(folder, entry, &manifest.terms, extractor.network()) {
        Err(Error::Io { action, path, source }) if !is_absent(&source) => {
            Err(Error::Io { action, path, source })
        }
        read => Ok(read.ok()),
    }
}

/// The manifest of an earlier extraction of the same terms; `None` where there is none, or one that
/// may be replaced.
fn existing(
    folder: &Path,
    terms: &TermsHeader,
    options: &ExtractOptions,
) -> Result<Option<Manifest>, Error> {
    let path = folder.join(MANIFEST);
    let found = Manifest::find(folder).and_then(|found| match found {
        Some(manifest) => manifest.expect(&path, terms).map(|()| Some(manifest)),
        None => Ok(None),
    });
    match found {
        Err(_) if options.replace => Ok(None),
        found => found.map_err(|error| cause(error, folder, None)),
    }
}
