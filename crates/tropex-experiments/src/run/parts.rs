//! Extraction of the terms of a run in parts, on any machines that see the folder of the run.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tropex_extract::job::{ExtractOptions, PartOutcome, PartPlan, PartSizes, PartTask, Progress};
use tropex_extract::{Devices, PointSource, TermStore};
use tropex_files::ScratchFolder;
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use super::pipeline::{ExtractSettings, ExtractionInput};
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
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<PartOutcome, Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
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
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<TermStore, Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
    Ok(TermStore::merge(&folder, &extractor, &points, &settings.options, progress)?)
}

/// Joins the minima that all parts found in a stage: see [`TermStore::reduce_stage`]. `stage` is
/// the number of the stage and the number of parts.
///
/// # Errors
/// Errors of capturing; errors of [`TermStore::reduce_stage`]; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn reduce_stage(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    stage: (usize, usize),
) -> Result<(), Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
    Ok(TermStore::reduce_stage(&folder, &extractor, &points, stage, &settings.options)?)
}

/// The plan of an extraction in parts: see [`PartPlan`].
///
/// # Errors
/// Errors of capturing; errors of [`PartPlan::of`]; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
pub fn plan(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    parts: NonZeroUsize,
) -> Result<PartPlan, Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
    Ok(PartPlan::of(&folder, &extractor, &points, &settings.options, parts)?)
}

/// Size and time of an extraction in parts.
#[derive(Clone, Debug)]
pub struct PartsForecast {
    /// The tasks.
    pub plan: PartPlan,
    /// Sizes that follow from the network and the settings.
    pub sizes: PartSizes,
    /// Number of points whose extraction was timed.
    pub timed_points: usize,
    /// Time of their extraction on all devices.
    pub time: Duration,
}

/// Number of batches that are timed: several per thread of most machines.
const TIMED_BATCHES: usize = 32;

/// Computes plan and sizes of an extraction in parts, and times the extraction of a few batches on
/// this machine, in a temporary folder of the run.
///
/// # Errors
/// Errors of [`plan`]; errors of extracting; a folder of the run that cannot be written to.
pub fn forecast(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    parts: NonZeroUsize,
) -> Result<PartsForecast, Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
    let plan = PartPlan::of(&folder, &extractor, &points, &settings.options, parts)?;
    let sizes = PartSizes::of(&extractor, &points, &settings.options, parts.get())?;
    let few = |batches: usize| {
        let limit = Some((batches * sizes.batch).min(sizes.points));
        ExtractSettings { limit, ..settings.clone() }.points(run, dataset)
    };
    let options = ExtractOptions { dominance_points: 0, ..settings.options.clone() };
    let timed = |batches: usize| -> Result<(usize, Duration), Error> {
        let (folder, points) = (scratch_of(run)?, few(batches));
        let start = Instant::now();
        TermStore::extract(&folder.path().join("terms"), &extractor, &points, &options, &|_| {
            ControlFlow::Continue(())
        })?;
        Ok((PointSource::len(&points), start.elapsed()))
    };
    timed(1)?; // caches, threads and kernels are warm after the first batch
    let (timed_points, time) = timed(TIMED_BATCHES)?;
    Ok(PartsForecast { plan, sizes, timed_points, time })
}

fn scratch_of(run: &Run) -> Result<ScratchFolder, Error> {
    let path = run.path();
    let io = |source| Error::Io { action: "create a folder in", path: path.into(), source };
    ScratchFolder::within(path).map_err(io)
}
