//! Extraction of the terms of a run in parts, on any machines that see the folder of the run.

use std::time::{Duration, Instant};

use tropex_extract::job::{
    ExtractOptions, PartOutcome, PartSizes, PartTask, Progress, require_divisible, stages_of,
};
use tropex_extract::{Devices, PointSource, TermStore};
use tropex_files::ScratchFolder;
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

/// What an extraction in parts will take.
#[derive(Clone, Debug)]
pub struct PartsForecast {
    /// Sizes that follow from the network and the settings.
    pub sizes: PartSizes,
    /// Points whose extraction was timed.
    pub timed_points: usize,
    /// Time of their extraction, with all processors of this machine.
    pub time: Duration,
}

/// Computes the sizes of an extraction in parts, and times the extraction of a few batches on this
/// machine in a temporary folder of the run.
///
/// # Errors
/// The calibrated gauge; errors of capturing and extracting; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn forecast(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    parts: usize,
) -> Result<PartsForecast, Error> {
    let extractor = extractor(run, dataset, devices, settings)?;
    require_divisible(&extractor)?;
    let points = settings.points(run, dataset);
    let sizes = PartSizes::of(&extractor, &points, &settings.options, parts)?;
    let few = |batches: usize| {
        let limit = Some((batches * sizes.batch).min(sizes.points));
        ExtractSettings { limit, ..settings.clone() }.points(run, dataset)
    };
    let io = |source| Error::Io { action: "create a folder in", path: run.path().into(), source };
    let options = ExtractOptions { dominance_points: 0, ..settings.options.clone() };
    let timed = |batches: usize| -> Result<(usize, Duration), Error> {
        let (folder, points) = (ScratchFolder::within(run.path()).map_err(io)?, few(batches));
        let start = Instant::now();
        TermStore::extract(&folder.path().join("terms"), &extractor, &points, &options, &|_| {})?;
        Ok((PointSource::len(&points), start.elapsed()))
    };
    timed(1)?; // caches, threads and kernels are warm after the first batch
    let (timed_points, time) = timed(TIMED_BATCHES)?;
    Ok(PartsForecast { sizes, timed_points, time })
}

/// Number of batches that are timed: several per thread of most machines.
const TIMED_BATCHES: usize = 32;

/// Number of stages in which parts find the shifts of an extraction; 0 if they are known.
///
/// # Errors
/// The calibrated gauge; errors of capturing; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn stages(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
) -> Result<usize, Error> {
    let extractor = extractor(run, dataset, devices, settings)?;
    require_divisible(&extractor)?;
    Ok(stages_of(&extractor))
}
