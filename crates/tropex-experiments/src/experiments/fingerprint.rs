//! Fingerprints of findings.

use std::fs;

use serde_json::json;
use tropex_files::sha256;
use tropex_train::run::{RunError, RunState};

use super::experiment::{ConfiguredExperiment, ExperimentEntry};
use crate::Error;
use crate::data::Split;
use crate::run::{RunContext, TrainedEpoch};

/// SHA-256 of everything that a finding depends on: the version of the program, the experiment and
/// its parameters, the weights, the images and the settings. The device is not included.
pub(crate) fn fingerprint(
    entry: &ExperimentEntry,
    configured: &ConfiguredExperiment,
    runs: &[RunContext<'_>],
    epochs: &[TrainedEpoch],
) -> Result<String, Error> {
    let subjects: Vec<_> =
        runs.iter().map(|context| of_run(context, epochs)).collect::<Result<_, Error>>()?;
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "experiment": entry.name,
        "parameters": configured.parameters,
        "subjects": subjects,
    });
    Ok(sha256(all.to_string().as_bytes()))
}

fn of_run(context: &RunContext<'_>, epochs: &[TrainedEpoch]) -> Result<serde_json::Value, Error> {
    let (run, settings) = (context.run(), context.settings());
    let extraction = context.extraction();
    if run.config().state == RunState::Training {
        return Err(RunError::Unfinished { path: run.path().to_owned() }.into());
    }
    let path = run.model_path();
    let weights = fs::read(&path).map_err(Error::io("read", &path))?;
    let config = run.config();
    Ok(json!({
        "weights": sha256(&weights),
        "epochs": epochs.iter().map(|epoch| epoch.number(run)).collect::<Vec<_>>(),
        "data": config.data,
        "labels": config.shuffled_labels,
        "gauge": settings.gauge,
        "precision": extraction.precision,
        "classes": extraction.classes,
        "terms": context.term_points().summary(),
        "points": context.points(Split::Test).summary(),
        "training points": context.points(Split::Train).summary(),
        "seed": settings.seed,
    }))
}
