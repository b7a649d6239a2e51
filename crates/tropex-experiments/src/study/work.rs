//! The steps of a study, and who does which.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tropex_extract::Gauge;
use tropex_train::run::{Run, RunRequest};
use tropex_train::training::{BatchProgress, TrainingObserver};
use tropex_train::zoo::Architecture;

use super::{NetworkPlan, Plan, Study, seeds};
use crate::experiment::{ExperimentEntry, Parameters, Scope};
use crate::experiments::EXPERIMENTS;
use crate::report::{Finding, ReportLocks};
use crate::runner::{self, Material, Request};
use crate::{Error, Settings};

/// How far a study is.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Steps that are done.
    pub step: usize,
    /// All steps.
    pub steps: usize,
    /// The run or runs that are worked on.
    pub name: &'a str,
    /// What is being done.
    pub what: &'a str,
    /// How far that is.
    pub done: usize,
    /// When it will be finished.
    pub of: usize,
}

/// Told how far a study is.
type Watcher<'a> = &'a (dyn Fn(Stage<'_>) + Sync);

/// A run of a study.
#[derive(Clone, Debug)]
struct Planned<'a> {
    network: &'a NetworkPlan,
    seed: u64,
    shuffled: bool,
}

impl Planned<'_> {
    fn name(&self) -> String {
        match self.shuffled {
            true => format!("{}-shuffled", self.network.name),
            false => format!("{}-seed{}", self.network.name, self.seed),
        }
    }
}

/// Everything that was found, with the network and the gauge that it is about.
#[derive(Debug)]
pub(super) struct Found {
    name: String,
    gauge: Gauge,
    finding: Finding,
}

/// A run that is done, and what was found about it.
type Outcome = Result<(Material, Vec<Found>), Error>;

/// What is to be done.
#[derive(Debug)]
pub(super) struct Work<'a> {
    study: &'a Study<'a>,
    runs: Vec<Planned<'a>>,
    /// Runs that are compared: by their positions, with the name of the comparison.
    comparisons: Vec<(String, Vec<usize>, &'static str)>,
    entries: Vec<(&'static ExperimentEntry, Parameters)>,
    done: AtomicUsize,
}

impl<'a> Work<'a> {
    pub(super) fn of(study: &'a Study<'a>) -> Result<Self, Error> {
        let entries = study.plan.entries()?;
        let is_asked = |name| entries.iter().any(|(entry, _)| entry.name == name);
        let (mut runs, mut comparisons) = (Vec::new(), Vec::new());
        for network in &study.plan.networks {
            let first = runs.len();
            let planned = |seed: &u64| Planned { network, seed: *seed, shuffled: false };
            runs.extend(study.plan.seeds.iter().map(planned));
            for pair in (first..runs.len()).collect::<Vec<_>>().chunks_exact(2) {
                if is_asked("networks") {
                    comparisons.push((network.name.clone(), pair.to_vec(), "networks"));
                }
            }
            if network.shuffled_labels {
                runs.push(Planned { network, seed: study.plan.seeds[0], shuffled: true });
                if is_asked("random-labels") {
                    let both = vec![first, runs.len() - 1];
                    comparisons.push((network.name.clone(), both, "random-labels"));
                }
            }
        }
        Ok(Self { study, runs, comparisons, entries, done: AtomicUsize::new(0) })
    }

    /// A training and the experiments of every gauge for every run, and comparisons.
    fn steps(&self) -> usize {
        let gauges = self.study.plan.gauges.len();
        self.runs.len() * (1 + gauges) + self.comparisons.len()
    }

    /// Does everything that is not done yet.
    pub(super) fn carry_out(&self, watch: Watcher<'_>) -> Result<Vec<Found>, Error> {
        let next = AtomicUsize::new(0);
        let outcomes: Mutex<Vec<Option<Outcome>>> =
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
                        let outcome = self.work_on(run, watch);
                        let mut outcomes =
                            outcomes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                        outcomes[index] = Some(outcome);
                    }
                });
            }
        });
        let outcomes = outcomes.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (mut materials, mut found) = (Vec::new(), Vec::new());
        for outcome in outcomes.into_iter().flatten() {
            let (material, findings) = outcome?;
            materials.push(material);
            found.extend(findings);
        }
        for (name, members, experiment) in &self.comparisons {
            let members: Vec<_> = members.iter().map(|&index| materials[index].clone()).collect();
            let gauge = self.study.plan.gauges[0];
            found.extend(self.ask(
                name,
                &members,
                gauge,
                |entry| entry.name == *experiment,
                watch,
            )?);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(found)
    }

    fn work_on(&self, run: &Planned<'_>, watch: Watcher<'_>) -> Outcome {
        let material = self.train(run, watch)?;
        self.done.fetch_add(1, Ordering::Relaxed);
        let mut found = Vec::new();
        for (index, &gauge) in self.study.plan.gauges.iter().enumerate() {
            let materials = std::slice::from_ref(&material);
            let is_wanted = |entry: &ExperimentEntry| {
                entry.scope == Scope::Each && (entry.gauged || index == 0)
            };
            if !run.shuffled {
                found.extend(self.ask(&run.network.name, materials, gauge, is_wanted, watch)?);
            }
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok((material, found))
    }

    fn train(&self, run: &Planned<'_>, watch: Watcher<'_>) -> Result<Material, Error> {
        let (study, network, name) = (self.study, run.network, run.name());
        let refused = |reason| Error::Study { origin: study.plan.title.clone(), reason };
        let missing = || refused(format!("dataset `{}` was not opened", network.dataset));
        let dataset = study.datasets.get(&network.dataset).ok_or_else(missing)?.clone();
        let dataset = match run.shuffled {
            true => dataset.with_shuffled_labels(run.seed),
            false => dataset,
        };
        let config = network.training(run.seed).map_err(refused)?;
        let request = RunRequest {
            architecture: Architecture::find(&network.architecture)
                .map_err(|error| refused(error.to_string()))?,
            dataset: &dataset.name,
            train: &dataset.train,
            shuffled_labels: run.shuffled.then_some(run.seed),
            test: &dataset.test,
            reading: dataset.reading,
            warnings: &dataset.warnings,
            device: study.devices.first(),
            device_name: study.device_name,
        };
        let mut observer = Observer { work: self, name: &name, watch };
        let run = Run::train(&self.folder(run), &request, &config, &mut observer)?.run();
        Ok(Material { run, dataset })
    }

    fn folder(&self, run: &Planned<'_>) -> PathBuf {
        self.study.folder.join("runs").join(run.name())
    }

    /// Does experiments on runs.
    fn ask(
        &self,
        name: &str,
        materials: &[Material],
        gauge: Gauge,
        is_wanted: impl Fn(&ExperimentEntry) -> bool,
        watch: Watcher<'_>,
    ) -> Result<Vec<Found>, Error> {
        let plan = self.study.plan;
        let network = plan.networks.iter().find(|network| network.name == name);
        let settings = Settings {
            gauge,
            precision: plan.precision,
            limit: network.and_then(|network| network.terms),
            points: plan.experiments.points,
            seed: plan.experiments.seed,
        };
        let entries = self.entries.iter().filter(|(entry, _)| is_wanted(entry));
        let request = Request {
            materials,
            experiments: entries.cloned().collect(),
            moments: plan.moments(),
            settings,
            devices: self.study.devices,
            again: false,
        };
        let what = format!("{name}, {}", gauge.name());
        let show = |step: &str, done: usize, of: usize| self.show(watch, &what, step, done, of);
        let mut found = Vec::new();
        let locks = ReportLocks::acquire(materials.iter().map(|material| &material.run))?;
        runner::run(&request, &locks, &show, &mut |report| {
            found.push(Found { name: name.to_owned(), gauge, finding: report.finding });
            Ok(())
        })?;
        Ok(found)
    }

    fn show(&self, watch: Watcher<'_>, name: &str, what: &str, done: usize, of: usize) {
        let step = self.done.load(Ordering::Relaxed);
        watch(Stage { step, steps: self.steps(), name, what, done, of });
    }
}

/// Tells how far a training is.
struct Observer<'a> {
    work: &'a Work<'a>,
    name: &'a str,
    watch: Watcher<'a>,
}

impl TrainingObserver for Observer<'_> {
    fn batch(&mut self, progress: &BatchProgress) -> ControlFlow<()> {
        let &BatchProgress { epoch, epochs, batch, batches, .. } = progress;
        let done = (epoch - 1) * batches + batch;
        self.work.show(self.watch, self.name, "training", done, epochs * batches);
        ControlFlow::Continue(())
    }
}

/// The findings of a study, those from several seeds as one, in the order of the experiments, the
/// networks and the gauges.
pub(super) fn together(plan: &Plan, found: &[Found]) -> Vec<Finding> {
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
                    Scope::Each => findings.extend(seeds::together(&same, &network.name)),
                    Scope::Together => findings.extend(same.into_iter().cloned()),
                }
            }
        }
    }
    findings
}
