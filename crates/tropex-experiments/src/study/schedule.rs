//! The steps of a study, and the threads that execute them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tropex_extract::Gauge;
use tropex_train::data::Dataset;
use tropex_train::run::{Run, RunOutcome, RunRequest};
use tropex_train::training::{BatchProgress, TrainingObserver};

use super::average_seeds::average_seeds;
use super::plan::{NetworkPlan, StudyPlan};
use super::study_settings::Study;
use super::task::{StudyTask, StudyWork};
use crate::Error;
use crate::experiments::{
    EXPERIMENTS, ExperimentRequest, Parameters, RunInput, Scope, run_experiments,
};
use crate::experiments::{ExperimentEntry, networks, random_labels};
use crate::report::{Finding, ReportLocks};
use crate::run::onnx::import_onnx;
use crate::run::{PartMode, RunSettings, TaskProgress};

/// Progress of a study.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StudyProgress<'a> {
    /// Number of finished steps.
    pub step: usize,
    /// Number of all steps.
    pub steps: usize,
    /// The current run, or the runs that are compared.
    pub name: &'a str,
    /// The current task of the step.
    pub task: TaskProgress<'a>,
}

/// Is called with the progress of a study, from several threads. `Break` cancels the study.
pub type StudyProgressFn<'a> = &'a (dyn Fn(StudyProgress<'_>) -> ControlFlow<()> + Sync);

/// A run of a study.
#[derive(Clone, Debug)]
pub(super) struct PlannedRun<'a> {
    network: &'a NetworkPlan,
    seed: u64,
    shuffled: bool,
}

impl PlannedRun<'_> {
    /// Whether experiments examine the run by itself.
    pub(super) fn has_experiments(&self) -> bool {
        !self.shuffled
    }

    /// Name of the network in the plan.
    pub(super) fn network_name(&self) -> String {
        self.network.name.clone()
    }

    /// Name of the run.
    pub(super) fn name(&self) -> String {
        match self.shuffled {
            _ if self.network.model.is_some() => self.network.name.clone(),
            true => format!("{}-shuffled", self.network.name),
            false => format!("{}-seed{}", self.network.name, self.seed),
        }
    }
}

/// A finding with its network and gauge.
#[derive(Debug)]
pub(super) struct StudyFinding {
    name: String,
    gauge: Gauge,
    finding: Finding,
}

/// A finished run and its findings.
type StudyRunResult = Result<(RunInput, Vec<StudyFinding>), Error>;

/// The steps of a study.
#[derive(Debug)]
pub(super) struct StudySchedule<'a> {
    study: &'a Study<'a>,
    runs: Vec<PlannedRun<'a>>,
    /// Comparisons of runs: name of the network, positions of the runs, and experiment.
    comparisons: Vec<(String, Vec<usize>, &'static str)>,
    entries: Vec<(&'static ExperimentEntry, Parameters)>,
    done: AtomicUsize,
}

impl<'a> StudySchedule<'a> {
    pub(super) fn of(study: &'a Study<'a>) -> Result<Self, Error> {
        let entries = study.plan.entries()?;
        let is_asked = |name| entries.iter().any(|(entry, _)| entry.name == name);
        let (runs, mut comparisons) = (Self::runs_of(study.plan), Vec::new());
        for network in &study.plan.networks {
            let own = |shuffled| {
                let is_own = move |run: &PlannedRun<'_>| {
                    run.network.name == network.name && run.shuffled == shuffled
                };
                (0..runs.len()).filter(|&at| is_own(&runs[at])).collect::<Vec<_>>()
            };
            let (labelled, shuffled) = (own(false), own(true));
            let mut compare = |runs: Vec<usize>, experiment| {
                if is_asked(experiment) {
                    comparisons.push((network.name.clone(), runs, experiment));
                }
            };
            labelled.chunks_exact(2).for_each(|pair| compare(pair.to_vec(), networks::ENTRY.name));
            for run in shuffled {
                compare(vec![labelled[0], run], random_labels::ENTRY.name);
            }
        }
        Ok(Self { study, runs, comparisons, entries, done: AtomicUsize::new(0) })
    }

    /// All runs of a plan.
    pub(super) fn runs_of(plan: &'a StudyPlan) -> Vec<PlannedRun<'a>> {
        let mut runs = Vec::new();
        for network in &plan.networks {
            let planned = |seed: &u64| PlannedRun { network, seed: *seed, shuffled: false };
            // A model is imported, and does not depend on the seed.
            let count = if network.model.is_some() { 1 } else { plan.seeds.len() };
            runs.extend(plan.seeds[..count].iter().map(planned));
            if network.shuffled_labels {
                runs.push(PlannedRun { network, seed: plan.seeds[0], shuffled: true });
            }
        }
        runs
    }

    /// Executes a task.
    pub(super) fn execute_task(
        &self,
        task: &StudyTask,
        progress: StudyProgressFn<'_>,
    ) -> Result<(), Error> {
        let run = self.runs.iter().find(|run| run.name() == task.run);
        let missing = || Error::Study {
            origin: self.study.plan.title.clone(),
            reason: format!("there is no run {}", task.run),
        };
        let run = run.ok_or_else(missing)?;
        match task.work {
            StudyWork::Train => self.train(run, progress).map(|_| ()),
            StudyWork::Experiments => self.execute_run(run, progress).map(|_| ()),
        }
    }

    /// Number of steps: for every run a training and the experiments of every gauge, and all
    /// comparisons.
    fn steps(&self) -> usize {
        let gauges = self.study.plan.gauges.len();
        self.runs.len() * (1 + gauges) + self.comparisons.len()
    }

    /// Executes all unfinished steps.
    pub(super) fn execute(
        &self,
        progress: StudyProgressFn<'_>,
    ) -> Result<Vec<StudyFinding>, Error> {
        let next = AtomicUsize::new(0);
        let outcomes: Mutex<Vec<Option<StudyRunResult>>> =
            Mutex::new(self.runs.iter().map(|_| None).collect());
        let failed = || {
            let outcomes = outcomes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            outcomes.iter().flatten().any(Result::is_err)
        };
        thread::scope(|scope| {
            for _ in 0..self.study.jobs.clamp(1, self.runs.len()) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(run) = self.runs.get(index).filter(|_| !failed()) else { break };
                        let outcome = self.execute_run(run, progress);
                        let mut outcomes =
                            outcomes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                        outcomes[index] = Some(outcome);
                    }
                });
            }
        });
        let outcomes = outcomes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (mut inputs, mut found) = (Vec::new(), Vec::new());
        for outcome in outcomes.into_iter().flatten() {
            let (input, findings) = outcome?;
            inputs.push(input);
            found.extend(findings);
        }
        for (name, members, experiment) in &self.comparisons {
            let members: Vec<_> = members.iter().map(|&index| inputs[index].clone()).collect();
            let gauge = self.study.plan.gauges[0];
            found.extend(self.run_group(
                name,
                &members,
                gauge,
                |entry| entry.name == *experiment,
                progress,
            )?);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(found)
    }

    fn execute_run(&self, run: &PlannedRun<'_>, progress: StudyProgressFn<'_>) -> StudyRunResult {
        let input = self.train(run, progress)?;
        self.done.fetch_add(1, Ordering::Relaxed);
        let mut found = Vec::new();
        for (index, &gauge) in self.study.plan.gauges.iter().enumerate() {
            let inputs = std::slice::from_ref(&input);
            let is_wanted = |entry: &ExperimentEntry| {
                entry.scope == Scope::Each && (entry.gauged || index == 0)
            };
            if !run.shuffled {
                found.extend(self.run_group(
                    &run.network.name,
                    inputs,
                    gauge,
                    is_wanted,
                    progress,
                )?);
            }
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok((input, found))
    }

    fn train(
        &self,
        run: &PlannedRun<'_>,
        progress: StudyProgressFn<'_>,
    ) -> Result<RunInput, Error> {
        let (study, network, name) = (self.study, run.network, run.name());
        let refused = |reason| Error::Study { origin: study.plan.title.clone(), reason };
        let missing = || refused(format!("dataset `{}` was not opened", network.dataset));
        let dataset = study.datasets.get(&network.dataset_key()).ok_or_else(missing)?.clone();
        if let Some(model) = &network.model {
            return self.import(run, Path::new(&model.file), dataset);
        }
        let dataset = match run.shuffled {
            true => dataset.with_shuffled_labels(run.seed),
            false => dataset,
        };
        let config = network.training(run.seed).map_err(refused)?;
        let architecture = network.architecture().map_err(|error| refused(error.to_string()))?;
        let request = RunRequest {
            architecture: &architecture,
            dataset: &dataset.name,
            train: &dataset.train,
            shuffled_labels: run.shuffled.then_some(run.seed),
            test: &dataset.test,
            reading: dataset.reading,
            warnings: &dataset.warnings,
            device: study.devices.first(),
            device_name: study.device_name,
        };
        let mut observer = TrainingSteps { schedule: self, name: &name, progress };
        match Run::train(&self.folder(run), &request, &config, &mut observer)? {
            RunOutcome::Interrupted(_) => Err(Error::Cancelled),
            outcome => Ok(RunInput { run: outcome.run(), dataset }),
        }
    }

    fn import(
        &self,
        run: &PlannedRun<'_>,
        file: &Path,
        dataset: Dataset,
    ) -> Result<RunInput, Error> {
        let (device, options) = (self.study.devices.first(), run.network.import_options());
        let model = options.open(file, device)?;
        let (folder, name) = (self.folder(run), self.study.device_name);
        let imported = import_onnx(&folder, file, &model, dataset, &options, name)?;
        let (run, _, dataset, _) = imported;
        Ok(RunInput { run, dataset })
    }

    fn folder(&self, run: &PlannedRun<'_>) -> PathBuf {
        self.study.folder.join("runs").join(run.name())
    }

    /// Runs experiments on runs.
    fn run_group(
        &self,
        name: &str,
        inputs: &[RunInput],
        gauge: Gauge,
        is_wanted: impl Fn(&ExperimentEntry) -> bool,
        progress: StudyProgressFn<'_>,
    ) -> Result<Vec<StudyFinding>, Error> {
        let plan = self.study.plan;
        let network = plan.networks.iter().find(|network| network.name == name);
        let settings = RunSettings {
            gauge,
            precision: plan.precision,
            limit: network.and_then(|network| network.terms),
            points: plan.experiments.points,
            seed: plan.experiments.seed,
        };
        let entries = self.entries.iter().filter(|(entry, _)| is_wanted(entry));
        let request = ExperimentRequest {
            inputs,
            experiments: entries.cloned().collect(),
            epochs: plan.epochs(),
            settings,
            devices: self.study.devices,
            again: false,
            mode: PartMode::Whole,
        };
        let what = format!("{name}, {}", gauge.name());
        let report = |task: TaskProgress<'_>| self.report(progress, &what, task);
        let mut found = Vec::new();
        let locks = ReportLocks::acquire(inputs.iter().map(|input| &input.run))?;
        run_experiments(&request, &locks, &report, &mut |report| {
            found.push(StudyFinding { name: name.to_owned(), gauge, finding: report.finding });
            Ok(())
        })?;
        Ok(found)
    }

    fn report(
        &self,
        progress: StudyProgressFn<'_>,
        name: &str,
        task: TaskProgress<'_>,
    ) -> ControlFlow<()> {
        let step = self.done.load(Ordering::Relaxed);
        progress(StudyProgress { step, steps: self.steps(), name, task })
    }
}

/// Reports the progress of a training.
struct TrainingSteps<'a> {
    schedule: &'a StudySchedule<'a>,
    name: &'a str,
    progress: StudyProgressFn<'a>,
}

impl TrainingObserver for TrainingSteps<'_> {
    fn batch(&mut self, batch: &BatchProgress) -> ControlFlow<()> {
        let &BatchProgress { epoch, epochs, batch, batches, .. } = batch;
        let done = (epoch - 1) * batches + batch;
        let task = TaskProgress::new("training", done, epochs * batches);
        self.schedule.report(self.progress, self.name, task)
    }
}

/// The findings of a study, averaged over seeds, in the order of experiments, networks and gauges.
pub(super) fn merge_findings(plan: &StudyPlan, found: &[StudyFinding]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in EXPERIMENTS {
        for network in &plan.networks {
            for &gauge in &plan.gauges {
                let same = found.iter().filter(|found| {
                    let finding = &found.finding;
                    finding.experiment == entry.name
                        && found.name == network.name
                        && found.gauge == gauge
                });
                let same: Vec<&Finding> = same.map(|found| &found.finding).collect();
                match entry.scope {
                    Scope::Each => findings.extend(average_seeds(&same, &network.name)),
                    Scope::Together => findings.extend(same.into_iter().cloned()),
                }
            }
        }
    }
    findings
}
