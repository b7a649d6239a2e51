//! Experiments on runs: what is known is reused, the rest is found and written down.

use std::path::PathBuf;

use tropex_extract::Devices;
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use crate::experiment::{Context, ExperimentEntry, Made, Parameters, Scope};
use crate::fingerprint::fingerprint;
use crate::history::History;
use crate::report::{
    FORMAT, Finding, ReportLocks, SubjectRecord, TakenImages, read_finding, report_folder, settle,
    write_finding,
};
use crate::{Error, Moment, Moments, Settings, Split, Subject, Watch};

/// A run and the dataset as it used it.
#[derive(Clone, Debug)]
pub struct Material {
    /// The run.
    pub run: Run,
    /// The dataset.
    pub dataset: Dataset,
}

/// Experiments, and what to do them on.
#[derive(Debug)]
pub struct Request<'a> {
    /// The runs.
    pub materials: &'a [Material],
    /// The experiments with the parameters that differ from their defaults.
    pub experiments: Vec<(&'static ExperimentEntry, Parameters)>,
    /// The moments of the runs' trainings.
    pub moments: Moments,
    /// What of the runs is looked at.
    pub settings: Settings,
    /// Where everything is computed. Several devices share extractions and assignments.
    pub devices: &'a Devices,
    /// Whether findings that are there are made again all the same.
    pub again: bool,
}

/// A finding, and where it is.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its folder.
    pub folder: PathBuf,
    /// What was found.
    pub finding: Finding,
    /// Whether it was there before.
    pub reused: bool,
}

/// Does experiments on runs, and writes what they find into the folders of the runs: findings that
/// compare runs into that of the first. The reports of all of them are locked. `done` is told every
/// finding when it is there.
///
/// # Errors
/// Whatever hinders an experiment, or writing; experiments that compare runs and one run only.
pub fn run(
    request: &Request<'_>,
    _locks: &ReportLocks,
    watch: Watch<'_>,
    done: &mut dyn FnMut(Report) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut experiments = Vec::new();
    for (entry, parameters) in &request.experiments {
        if entry.scope == Scope::Together && request.materials.len() < 2 {
            return Err(Error::OneRun { experiment: entry.name });
        }
        experiments.push((*entry, entry.make(parameters)?));
    }
    let of_scope = |scope| {
        let chosen = experiments.iter().filter(move |(entry, _)| entry.scope == scope);
        chosen.map(|(entry, made)| (*entry, made)).collect::<Vec<_>>()
    };
    for material in request.materials {
        work(request, std::slice::from_ref(material), &of_scope(Scope::Each), watch, done)?;
    }
    work(request, request.materials, &of_scope(Scope::Together), watch, done)
}

/// An experiment under way.
struct Job<'a> {
    entry: &'static ExperimentEntry,
    made: &'a Made,
    folder: PathBuf,
    fingerprint: String,
    history: History,
}

impl Job<'_> {
    /// Answers the question of runs at a moment.
    fn look(&mut self, subjects: &[Subject<'_>], seed: u64) -> Result<(), Error> {
        let subjects: Vec<_> = subjects.iter().collect();
        let epoch = subjects[0].moment().epoch(subjects[0].run());
        let answer = self.made.experiment.run(&Context { subjects: &subjects, seed })?;
        self.history.push(epoch, answer);
        Ok(())
    }

    /// What was found, written down.
    fn report(self, subjects: Vec<SubjectRecord>) -> Result<Report, Error> {
        let finding = Finding {
            format: FORMAT,
            experiment: self.entry.name.into(),
            question: self.entry.question.into(),
            method: self.entry.method.map(str::to_owned).into(),
            parameters: self.made.parameters.clone(),
            subjects,
            fingerprint: self.fingerprint,
            answer: self.history.answer().with_missing_explained(),
        };
        write_finding(&self.folder, &finding)?;
        Ok(Report { folder: self.folder, finding, reused: false })
    }
}

/// Does experiments on runs that are looked at together.
fn work(
    request: &Request<'_>,
    materials: &[Material],
    experiments: &[(&'static ExperimentEntry, &Made)],
    watch: Watch<'_>,
    done: &mut dyn FnMut(Report) -> Result<(), Error>,
) -> Result<(), Error> {
    if experiments.is_empty() {
        return Ok(());
    }
    let moments = common_moments(request, materials)?;
    let finals = subjects(request, materials, Moment::Final, watch)?;
    let records: Vec<_> = finals.iter().map(|subject| record(subject, &moments)).collect();
    let mut jobs = Vec::new();
    for &(entry, made) in experiments {
        let folder = report_folder(materials[0].run.path(), entry.name, request.settings.gauge);
        let fingerprint = fingerprint(entry, made, &finals, &moments)?;
        // One that is damaged is made again.
        let known = match read_finding(&folder) {
            Err(Error::Finding { .. }) => None,
            known => known?,
        };
        match known.filter(|found| found.fingerprint == fingerprint) {
            Some(finding) if !request.again => {
                settle(&folder)?;
                // Runs may have moved.
                let finding = Finding { subjects: records.clone(), ..finding };
                done(Report { folder, finding, reused: true })?;
            }
            _ => {
                let history = History::default();
                jobs.push(Job { entry, made, folder, fingerprint, history });
            }
        }
    }
    if jobs.is_empty() {
        return Ok(());
    }
    let seed = request.settings.seed;
    for &moment in moments.iter().filter(|moment| **moment != Moment::Final) {
        let subjects = subjects(request, materials, moment, watch)?;
        jobs.iter_mut().try_for_each(|job| job.look(&subjects, seed))?;
    }
    for mut job in jobs {
        job.look(&finals, seed)?;
        done(job.report(records.clone())?)?;
    }
    Ok(())
}

fn subjects<'a>(
    request: &Request<'a>,
    materials: &'a [Material],
    moment: Moment,
    watch: Watch<'a>,
) -> Result<Vec<Subject<'a>>, Error> {
    let subject = |material: &'a Material| {
        let Material { run, dataset } = material;
        Subject::new(run, moment, dataset, request.devices, request.settings, watch)
    };
    materials.iter().map(subject).collect()
}

/// The moments that all of the runs have.
fn common_moments(request: &Request<'_>, materials: &[Material]) -> Result<Vec<Moment>, Error> {
    let mut common = request.moments.of(&materials[0].run)?;
    for material in &materials[1..] {
        let moments = request.moments.of(&material.run)?;
        common.retain(|moment| moments.contains(moment));
    }
    Ok(common)
}

fn record(subject: &Subject<'_>, moments: &[Moment]) -> SubjectRecord {
    let (run, config) = (subject.run(), subject.run().config());
    SubjectRecord {
        run: run.path().display().to_string(),
        architecture: config.architecture.clone(),
        dataset: config.dataset.clone(),
        seed: config.training.as_ref().map(|training| training.seed),
        epochs: moments.iter().map(|moment| moment.epoch(run)).collect(),
        shuffled_labels: config.shuffled_labels.is_some(),
        gauge: subject.settings().gauge.name().into(),
        precision: subject.extraction().precision.name().into(),
        terms: subject.terms(),
        points: subject.points(Split::Test).summary().count,
        taken: Some(TakenImages {
            terms: subject.term_points().summary(),
            test: subject.points(Split::Test).summary(),
        }),
        device: config.device.clone(),
    }
}
