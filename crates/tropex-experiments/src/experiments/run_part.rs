//! Experiments in parts: the work on single points is shared, and the answers are made from it.

use std::ops::ControlFlow;

use tropex_extract::job::PartNumber;
use tropex_extract::store::Manifest;

use super::experiment::{ConfiguredExperiment, ExperimentEntry, Parameters, Scope};
use super::registry::EXPERIMENTS;
use super::request::ExperimentRequest;
use crate::Error;
use crate::run::{PartMode, ProgressFn, RunContext};

/// What a part of experiments did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExperimentPart {
    /// Results of the part in files, known or new.
    pub files: usize,
}

/// Does one part of the work of experiments on single points, for a later
/// [`run_experiments`](fn@super::run_experiments) with [`PartMode::Joined`]. The terms of the runs
/// must be extracted before. Parts need no locks, and may be repeated. Experiments share results.
///
/// # Errors
/// [`Error::NotInParts`]; [`Error::NoTerms`]; errors of experiments and of writing;
/// [`Error::Cancelled`].
pub fn run_experiment_part(
    request: &ExperimentRequest<'_>,
    part: PartNumber,
    progress: ProgressFn<'_>,
) -> Result<ExperimentPart, Error> {
    require_divisible(request)?;
    let mut done = ExperimentPart::default();
    for input in request.inputs {
        for epoch in request.epochs.of(&input.run)? {
            let (run, dataset) = (&input.run, &input.dataset);
            let (devices, settings) = (request.devices, request.settings);
            let context = RunContext::new(run, epoch, dataset, devices, settings, progress)?;
            let context = context.in_part_mode(PartMode::One(part));
            require_terms(&context)?;
            for (entry, parameters) in &request.experiments {
                let configured = entry.make(parameters)?;
                for work in configured.experiment.pointwise(&context)? {
                    context.compute_part(&*work, part)?;
                    done.files += 1;
                }
            }
        }
    }
    Ok(done)
}

/// Refuses experiments that are not done in parts.
///
/// # Errors
/// [`Error::NotInParts`]; [`Error::Parameters`].
pub fn require_divisible(request: &ExperimentRequest<'_>) -> Result<(), Error> {
    for (entry, parameters) in &request.experiments {
        if !is_divisible(request, entry, parameters)? {
            let mut others = Vec::new();
            for other in EXPERIMENTS {
                if is_divisible(request, other, &Parameters::new())? {
                    others.push(other.name);
                }
            }
            return Err(Error::NotInParts { experiment: entry.name, others });
        }
    }
    Ok(())
}

/// Whether an experiment on the first run of a request has work for parts.
fn is_divisible(
    request: &ExperimentRequest<'_>,
    entry: &ExperimentEntry,
    parameters: &Parameters,
) -> Result<bool, Error> {
    let input = &request.inputs[0];
    let ConfiguredExperiment { experiment, .. } = entry.make(parameters)?;
    let (epoch, progress) =
        (Default::default(), &|_: crate::TaskProgress<'_>| ControlFlow::Continue(()));
    let (devices, settings) = (request.devices, request.settings);
    let context = RunContext::new(&input.run, epoch, &input.dataset, devices, settings, progress)?;
    Ok(entry.scope == Scope::Each && !experiment.pointwise(&context)?.is_empty())
}

/// Refuses a run without finished terms: parts would all begin to extract them.
fn require_terms(context: &RunContext<'_>) -> Result<(), Error> {
    let (extraction, run) = (context.extraction(), context.run());
    let folder = extraction.folder(run);
    match Manifest::find(&folder)?.is_some_and(|manifest| manifest.check.is_some()) {
        true => Ok(()),
        false => Err(Error::NoTerms {
            folder,
            run: run.path().to_owned(),
            split: extraction.split,
            gauge: extraction.gauge,
        }),
    }
}
