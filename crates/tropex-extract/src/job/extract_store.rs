//! Extraction of a source into a store, resumable after every shard.

use std::ops::ControlFlow;
use std::path::Path;

use tropex_files::{FolderLock, holder, is_absent, remove_leftovers};
use tropex_kernels::Cancelled;

use super::calibration_state::CalibrationState;
use super::extraction::ExtractionJob;
use super::{ExtractOptions, Progress};
use crate::gauge::Shifts;
use crate::store::{MANIFEST, Manifest, TermsHeader, cause_of, remove_all_but, shifts};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Extracts the terms of all points of a source into a folder.
    ///
    /// An interrupted extraction is resumed: intact shards are not extracted again. A finished
    /// store is opened. Memory holds the terms of one shard and one batch; if shifts depend on
    /// points, it also holds rows of all points up to a [limit](ExtractOptions::memory). On `flex`
    /// every thread processes a batch, and terms are written while other batches are computed:
    /// memory then holds one batch per thread and the terms of a second shard.
    ///
    /// Several devices (see [`Extractor::share_with`]) share the batches of the extraction and of
    /// every pass that finds shifts. Memory then holds one batch per device and the terms of a
    /// second shard. The self-check of many points is shared too. The worst-case shifts are
    /// computed on the first device. An extraction can be resumed on other devices.
    ///
    /// Shifts that depend on points are found first, from all points, and saved. An extraction that
    /// was interrupted before that starts from the beginning. The calibrated gauge finds its shifts
    /// by trials at [selected points](ExtractOptions::dominance_points), and again if the check at
    /// all points refutes them. An interrupted search continues after its last finished trial.
    ///
    /// The folder is locked during the extraction. A finished store is opened without a lock.
    ///
    /// # Errors
    /// A folder with terms of other settings; a folder that another process writes to; a file that
    /// cannot be read or written; a device that fails; [`Error::Cancelled`].
    pub fn extract(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        options: &ExtractOptions,
        progress: &dyn Fn(Progress) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let terms = header(extractor, source, options.shard_bytes)?;
        let search = CalibrationState::of_sample(source, options.dominance_points);
        let mut search = search.resume(folder, &terms);
        let job = ExtractionJob { folder, extractor, source, options, search: &search, progress };
        remove_leftovers(folder);
        // If the store is finished, the folder is only read and needs no lock.
        if let Some(manifest) = existing(folder, &terms, options)?
            && holder(folder).is_none()
            && job.is_finished(&manifest)
        {
            Cancelled::check(job.extracted(source.len()))?;
            return Self::open(folder);
        }
        let _lock = FolderLock::create(folder)?;
        // Another process may have continued the extraction before the lock was taken.
        let found = existing(folder, &terms, options)?;
        let mut manifest = found.unwrap_or_else(|| Manifest::new(terms));
        let mut saved = saved_shifts(folder, &manifest, extractor)?;
        if saved.is_none() {
            // Terms cannot be used without the shifts they were extracted under.
            manifest = manifest.without_shifts();
        }
        loop {
            remove_all_but(folder, &manifest)?;
            let terms = manifest.terms.clone();
            let with_saved_shifts =
                saved.take().map(|shifts| extractor.with_found_shifts(&shifts)).transpose()?;
            let extractor = with_saved_shifts.as_ref().unwrap_or(extractor);
            let job =
                ExtractionJob { folder, extractor, source, options, search: &search, progress };
            match job.finish(manifest)? {
                None => return Self::open(folder),
                Some(next) => {
                    // The state is written before the refuted terms are removed.
                    next.write(folder, &terms)?;
                    (search, manifest) = (next, Manifest::new(terms));
                }
            }
        }
    }
}

/// The settings of the extraction of a source.
///
/// # Errors
/// A source without points, or with points of another number of features.
pub(super) fn header(
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
        shifts: extractor.shifts_of_other_points().map(Shifts::fingerprint),
        precision,
        classes: extractor.classes(),
        class_count: network.classes(),
        input_shape: network.input_shape().to_vec(),
        points: source.len(),
        shard_points: (shard_bytes / row).clamp(1, source.len()),
    })
}

/// The shifts of an earlier extraction; `None` if they are missing or damaged. If the file cannot
/// be read, the result is an error, so that the terms extracted under these shifts are not deleted.
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

/// The manifest of an earlier extraction of these terms; `None` if the folder has none, or one that
/// may be replaced.
pub(super) fn existing(
    folder: &Path,
    terms: &TermsHeader,
    options: &ExtractOptions,
) -> Result<Option<Manifest>, Error> {
    let path = folder.join(MANIFEST);
    let found = Manifest::find(folder).and_then(|found| match found {
        Some(manifest) => manifest.check_terms(&path, terms).map(|()| Some(manifest)),
        None => Ok(None),
    });
    match found {
        Err(_) if options.replace => Ok(None),
        found => found.map_err(|error| cause_of(error, folder, None)),
    }
}
