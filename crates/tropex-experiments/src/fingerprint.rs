//! What decides a finding.

use std::fs;

use serde_json::json;
use tropex_files::sha256;
use tropex_train::run::{RunError, RunState};

use crate::experiment::{ExperimentEntry, Made};
use crate::subject::Subject;
use crate::{Error, Moment, Split};

/// SHA-256 of everything that decides a finding: the program, the experiment and its parameters,
/// the weights, the images and the settings. The device is not among them.
pub(crate) fn fingerprint(
    entry: &ExperimentEntry,
    made: &Made,
    subjects: &[Subject<'_>],
    moments: &[Moment],
) -> Result<String, Error> {
    let subjects: Vec<_> = subjects
        .iter()
        .map(|subject| subject_of(subject, moments))
        .collect::<Result<_, Error>>()?;
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "experiment": entry.name,
        "parameters": made.parameters,
        "subjects": subjects,
    });
    Ok(sha256(all.to_string().as_bytes()))
}

fn subject_of(subject: &Subject<'_>, moments: &[Moment]) -> Result<serde_json::Value, Error> {
    let (run, settings) = (subject.run(), subject.settings());
    let extraction = subject.extraction();
    if run.config().state == RunState::Training {
        return Err(RunError::Unfinished { path: run.path().to_owned() }.into());
    }
    let path = run.model_path();
    let weights = fs::read(&path).map_err(Error::io("read", &path))?;
    let config = run.config();
    Ok(json!({
        "weights": sha256(&weights),
        "epochs": moments.iter().map(|moment| moment.epoch(run)).collect::<Vec<_>>(),
        "data": config.data,
        "labels": config.shuffled_labels,
        "gauge": settings.gauge,
        "precision": extraction.precision,
        "classes": extraction.classes,
        "terms": subject.term_points().summary(),
        "points": subject.points(Split::Test).summary(),
        "training points": subject.points(Split::Train).summary(),
        "seed": settings.seed,
    }))
}
