//! Runs experiments: known findings are reused, others are computed and written.

use std::path::PathBuf;

use tropex_files::kept_at;

use super::epoch_answers::EpochAnswers;
use super::experiment::{ConfiguredExperiment, ExperimentEntry, ExperimentInputs, Scope};
use super::fingerprint::fingerprint;
use super::request::{ExperimentRequest, RunInput};
use super::run_part::require_divisible;
use crate::Error;
use crate::data::Split;
use crate::report::{
    FORMAT, Finding, ReportLocks, RunRecord, TakenImages, finish_writing, read_finding,
    report_folder, write_finding,
};
use crate::run::{PartMode, ProgressFn, RunContext, TrainedEpoch};

/// A finding and its folder.
#[derive(Clone, Debug)]
pub struct ExperimentReport {
    /// Folder of the finding.
    pub folder: PathBuf,
    /// The finding.
    pub finding: Finding,
    /// Whether the finding was known before.
    pub reused: bool,
}

/// Is called with every report as soon as it is written.
type ReportFn<'a> = dyn FnMut(ExperimentReport) -> Result<(), Error> + 'a;

/// An experiment of a request, with all of its parameters.
type Configured = (&'static ExperimentEntry, ConfiguredExperiment);

/// Runs experiments, and writes their findings into the folders of the runs. A finding that
/// compares runs is written into the folder of the first. The caller holds the locks of all
/// reports. `done` is called with every report as soon as it is written.
///
/// # Errors
/// Errors of experiments and of writing; [`Error::OneRun`]; [`Error::Cancelled`]; with results of
/// parts, [`Error::NotInParts`] and parts that are not finished.
pub fn run_experiments(
    request: &ExperimentRequest<'_>,
    _locks: &ReportLocks,
    progress: ProgressFn<'_>,
    done: &mut ReportFn<'_>,
) -> Result<(), Error> {
    if request.mode != PartMode::Whole {
        require_divisible(request)?;
    }
    let (mut each, mut together) = (Vec::new(), Vec::new());
    for (entry, parameters) in &request.experiments {
        let configured = (*entry, entry.make(parameters)?);
        match entry.scope {
            Scope::Each => each.push(configured),
            Scope::Together if request.inputs.len() < 2 => {
                return Err(Error::OneRun { experiment: entry.name });
            }
            Scope::Together => together.push(configured),
        }
    }
    for input in request.inputs {
        let inputs = std::slice::from_ref(input);
        RunGroup { request, inputs, progress }.run(&each, done)?;
    }
    RunGroup { request, inputs: request.inputs, progress }.run(&together, done)
}

/// Runs that are examined together.
struct RunGroup<'a> {
    request: &'a ExperimentRequest<'a>,
    inputs: &'a [RunInput],
    progress: ProgressFn<'a>,
}

impl<'a> RunGroup<'a> {
    fn run(&self, experiments: &[Configured], done: &mut ReportFn<'_>) -> Result<(), Error> {
        if experiments.is_empty() {
            return Ok(());
        }
        let (request, epochs) = (self.request, self.common_epochs()?);
        let last = self.contexts(TrainedEpoch::Final)?;
        let records: Vec<_> = last.iter().map(|context| record(context, &epochs)).collect();
        let mut pending = Vec::new();
        for (entry, configured) in experiments {
            let fingerprint = fingerprint(entry, configured, &last, &epochs)?;
            let experiment =
                PendingExperiment::new(entry, configured, self.folder(entry), fingerprint);
            match experiment.known()? {
                Some(finding) if !request.again => {
                    finish_writing(&experiment.folder)?;
                    // Runs may have moved.
                    let finding = Finding { runs: records.clone(), ..finding };
                    done(ExperimentReport { folder: experiment.folder, finding, reused: true })?;
                }
                _ => pending.push(experiment),
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        for &epoch in epochs.iter().filter(|epoch| **epoch != TrainedEpoch::Final) {
            let contexts = self.contexts(epoch)?;
            let mut all = pending.iter_mut();
            all.try_for_each(|experiment| experiment.run_at(&contexts, request.settings.seed))?;
        }
        for mut experiment in pending {
            experiment.run_at(&last, request.settings.seed)?;
            done(experiment.write(records.clone())?)?;
        }
        Ok(())
    }

    fn folder(&self, entry: &ExperimentEntry) -> PathBuf {
        report_folder(self.inputs[0].run.path(), entry.name, self.request.settings.gauge)
    }

    fn contexts(&self, epoch: TrainedEpoch) -> Result<Vec<RunContext<'a>>, Error> {
        let (request, progress) = (self.request, self.progress);
        let context = |RunInput { run, dataset }: &'a RunInput| {
            let settings = request.settings;
            let context =
                RunContext::new(run, epoch, dataset, request.devices, settings, progress)?;
            Ok(context.in_part_mode(request.mode))
        };
        self.inputs.iter().map(context).collect()
    }

    /// The epochs that all of the runs have.
    fn common_epochs(&self) -> Result<Vec<TrainedEpoch>, Error> {
        let mut common = self.request.epochs.of(&self.inputs[0].run)?;
        for input in &self.inputs[1..] {
            let epochs = self.request.epochs.of(&input.run)?;
            common.retain(|epoch| epochs.contains(epoch));
        }
        Ok(common)
    }
}

/// An experiment that has not answered yet.
struct PendingExperiment<'a> {
    entry: &'static ExperimentEntry,
    configured: &'a ConfiguredExperiment,
    folder: PathBuf,
    fingerprint: String,
    answers: EpochAnswers,
}

impl<'a> PendingExperiment<'a> {
    fn new(
        entry: &'static ExperimentEntry,
        configured: &'a ConfiguredExperiment,
        folder: PathBuf,
        fingerprint: String,
    ) -> Self {
        Self { entry, configured, folder, fingerprint, answers: EpochAnswers::default() }
    }

    /// The known finding with the fingerprint of the request. A damaged finding counts as unknown.
    fn known(&self) -> Result<Option<Finding>, Error> {
        let known = match read_finding(&self.folder) {
            Err(Error::Finding { .. }) => None,
            known => known?,
        };
        Ok(known.filter(|finding| finding.fingerprint == self.fingerprint))
    }

    /// Answers the question for runs at an epoch.
    fn run_at(&mut self, contexts: &[RunContext<'_>], seed: u64) -> Result<(), Error> {
        let runs: Vec<_> = contexts.iter().collect();
        let epoch = runs[0].epoch().number(runs[0].run());
        let answer = self.configured.experiment.run(&ExperimentInputs { runs: &runs, seed })?;
        self.answers.push(epoch, answer);
        Ok(())
    }

    /// Writes the finding.
    fn write(self, runs: Vec<RunRecord>) -> Result<ExperimentReport, Error> {
        let finding = Finding {
            format: FORMAT,
            experiment: self.entry.name.into(),
            question: self.entry.question.into(),
            method: self.entry.method.map(str::to_owned).into(),
            parameters: self.configured.parameters.clone(),
            runs,
            fingerprint: self.fingerprint,
            answer: self.answers.answer().with_missing_explained(),
        };
        write_finding(&self.folder, &finding)?;
        Ok(ExperimentReport { folder: self.folder, finding, reused: false })
    }
}

fn record(context: &RunContext<'_>, epochs: &[TrainedEpoch]) -> RunRecord {
    let (run, config) = (context.run(), context.run().config());
    let train = &context.dataset().train;
    RunRecord {
        folder: kept_at(run.path()),
        architecture: config.architecture.clone(),
        dataset: config.dataset.clone(),
        seed: config.training.as_ref().map(|training| training.seed),
        averaged_seeds: Vec::new(),
        epochs: epochs.iter().map(|epoch| epoch.number(run)).collect(),
        shuffled_labels: config.shuffled_labels.is_some(),
        trained_on: config.training.as_ref().map(|_| config.trained_on(train).summary()),
        gauge: context.settings().gauge.name().into(),
        precision: context.extraction().precision.name().into(),
        terms: context.terms(),
        points: context.points(Split::Test).summary().count,
        taken: Some(TakenImages {
            terms: context.term_points().summary(),
            test: context.points(Split::Test).summary(),
        }),
        device: config.device.clone(),
    }
}
