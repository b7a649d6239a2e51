//! Extraction of the terms of a run in parts, on any machines that see the folder of the run.

use tropex_extract::job::{PartOutcome, PartTask, Progress};
use tropex_extract::{Devices, TermStore};
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use super::pipeline::{ExtractSettings, extractor};
use crate::Error;

/// Does the work of one process on a part of an extraction: see [`TermStore::extract_part`].
///
/// # Errors
/// Errors of capturing; errors of [`TermStore::extract_part`]; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn extract_part(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    task: PartTask,
    progress: &dyn Fn(Progress),
) -> Result<PartOutcome, Error> {
    let extractor = extractor(run, dataset, devices, settings)?;
    let (folder, points) = (settings.folder(run), settings.points(run, dataset));
    let options = &settings.options;
    Ok(TermStore::extract_part(&folder, &extractor, &points, task, options, progress)?)
}

/// Publishes the terms that parts extracted: see [`TermStore::merge`].
///
/// # Errors
/// Errors of capturing; errors of [`TermStore::merge`]; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn merge(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    progress: &dyn Fn(Progress),
) -> Result<TermStore, Error> {
    let extractor = extractor(run, dataset, devices, settings)?;
    let (folder, points) = (settings.folder(run), settings.points(run, dataset));
    Ok(TermStore::merge(&folder, &extractor, &points, &settings.options, progress)?)
}
