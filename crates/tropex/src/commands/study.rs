//! `tropex study`

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;
use tropex::experiments::Error;
use tropex::experiments::report::TableCell;
use tropex::experiments::study::{
    NetworkPlan, NumberDifference, NumbersComparison, PLANS, Study, StudyNumbers, StudyPlan,
    StudyProgress, StudyProgressFn, StudySummary, StudyTask,
};
use tropex::train::data::{Dataset, DatasetEntry, relative_to};
use tropex::train::messages::hint;

use super::examples::examples;
use super::options::{DataOption, DevicesOption, not_negative, one_or_more};
use crate::interrupt::InterruptNote;
use crate::output::{Output, StepProgress, count, duration, pairs, plural, table};
use crate::remote::local_folder;

/// Run a whole study: train, extract, run experiments, and write one report. Finished work is
/// reused.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "study quick",
    "study quick --print > mine.toml",
    "study mine.toml --out studies/mine --jobs 2",
    "study fashion --task train:fcn4-seed0",
))]
pub struct StudyArgs {
    /// TOML file of the study, or a study of this program: quick, fashion, paper.
    #[arg(value_name = "STUDY")]
    study: PathBuf,
    /// Folder for runs and report. Default: named after the study.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Number of runs at the same time.
    #[arg(long, default_value = "1", value_parser = one_or_more, allow_negative_numbers = true)]
    jobs: NonZeroUsize,
    /// Print the file of the study and stop, as a start for your own.
    #[arg(long)]
    print: bool,
    /// Compare the numbers with a numbers.jsonl of another study; fail if one differs.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Do only one task of the study, such as train:fcn4-seed0 or experiments:fcn4-seed0. Tasks of
    /// different runs may run at once, on any machines that see the folder; the same command
    /// without --task does the rest and writes the report.
    #[arg(long, value_name = "TASK", conflicts_with = "compare")]
    task: Option<String>,
    /// Allowed difference of numbers: 1, the default, allows for another processor; 0 requires
    /// equal digits.
    #[arg(long, value_name = "SCALE", requires = "compare", value_parser = not_negative, allow_negative_numbers = true)]
    tolerance: Option<f64>,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

#[derive(Serialize)]
struct StudyOutput<'a> {
    report: String,
    seconds: f64,
    summary: &'a StudySummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<&'a NumbersComparison>,
}

impl StudyArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        if self.print {
            return output.text(&self.text()?.0);
        }
        let (plan, folder) = (self.plan()?, local_folder(&self.folder()?)?);
        let other = self.compare.as_deref().map(StudyNumbers::read).transpose()?;
        let (devices, device_name) = (self.devices.find()?, self.devices.first_name());
        let task = self.task.as_deref().map(|name| plan.task(name)).transpose()?;
        require_known_fit(&plan, devices.first())?;
        let datasets = self.datasets(&plan, task.as_ref(), devices.first(), output)?;
        let study = Study {
            plan: &plan,
            folder: &folder,
            devices: &devices,
            device_name: &device_name,
            datasets: &datasets,
            jobs: self.jobs.get(),
        };
        let start = Instant::now();
        if let Some(task) = &task {
            run_with_progress(&study, output, |study, progress| study.run_task(task, progress))?;
            return report_task(task, &folder, start.elapsed(), output);
        }
        let done = run_with_progress(&study, output, |study, progress| study.run(progress))?;
        let scale = self.tolerance.unwrap_or(1.0);
        let comparison = other.map(|other| done.numbers.compare(&other, scale));
        let printed = StudyOutput {
            report: done.report.display().to_string(),
            seconds: start.elapsed().as_secs_f64(),
            summary: &done.summary,
            comparison: comparison.as_ref(),
        };
        output.result(&printed, || {
            let (heading, rows) = done.summary.table.transposed();
            let heading: Vec<_> = heading.iter().map(String::as_str).collect();
            let StudySummary { answer, caution, .. } = &done.summary;
            let mut lines = vec![answer.clone(), caution.clone(), table(&heading, rows)];
            lines.retain(|line| !line.is_empty());
            for claim in done.summary.claims.iter().filter(|claim| !claim.evidence.is_empty()) {
                let words = claim.verdict.words();
                lines.push(format!("{} {words}\n  {}", claim.question, claim.evidence));
            }
            let last = [("report", printed.report.clone()), ("time", duration(start.elapsed()))];
            lines.push(pairs(&last));
            lines.extend(comparison.as_ref().map(differences));
            lines.join("\n\n")
        })?;
        match (comparison, self.compare) {
            (Some(comparison), Some(file)) => require_equal(&comparison, &file),
            _ => Ok(()),
        }
    }

    /// The plan, with absolute paths of models.
    pub fn plan(&self) -> anyhow::Result<StudyPlan> {
        let (text, origin) = self.text()?;
        let mut plan = StudyPlan::read(&text, &origin)?;
        for model in plan.networks.iter_mut().filter_map(|network| network.model.as_mut()) {
            let file = std::path::absolute(self.base_folder().join(&model.file))?;
            model.file = file.display().to_string();
        }
        Ok(plan)
    }

    /// Whether the study is to be done in one call.
    pub fn is_whole(&self) -> bool {
        self.task.is_none() && self.compare.is_none() && !self.print
    }

    /// The datasets of all networks, or of that of a task.
    fn datasets(
        &self,
        plan: &StudyPlan,
        task: Option<&StudyTask>,
        device: &Device,
        output: &Output,
    ) -> anyhow::Result<BTreeMap<String, Dataset>> {
        let mut datasets = BTreeMap::new();
        let is_needed =
            |network: &&NetworkPlan| task.is_none_or(|task| task.network == network.name);
        for network in plan.networks.iter().filter(is_needed) {
            let dataset = match datasets.entry(network.dataset_key()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.dataset(network, device, output)?),
            };
            let (shape, classes) = (dataset.train.shape(), dataset.train.classes());
            require_fit(network, shape, classes, device)?;
        }
        Ok(datasets)
    }

    /// The dataset of a network; for a model, points of its own shape.
    fn dataset(
        &self,
        network: &NetworkPlan,
        device: &Device,
        output: &Output,
    ) -> anyhow::Result<Dataset> {
        let name = relative_to(&network.dataset, &self.base_folder());
        let Some(model) = &network.model else {
            return self.data.open_of_study(&name, network.layout, output);
        };
        let model = network.import_options().open(Path::new(&model.file), device)?;
        self.data.open_points(&name, network.layout, &model, output)
    }

    /// The text of the study and its origin. A file takes precedence over a name.
    fn text(&self) -> anyhow::Result<(String, String)> {
        let origin = self.study.display().to_string();
        let known = PLANS.iter().find(|(name, _)| Path::new(name) == self.study);
        match (std::fs::read_to_string(&self.study), known) {
            (Ok(text), _) => Ok((text, origin)),
            (Err(_), Some((_, text))) => Ok(((*text).to_owned(), origin)),
            (Err(error), None) if error.kind() == ErrorKind::InvalidData => {
                anyhow::bail!("{origin} is not a text, expected a study as TOML")
            }
            (Err(error), None) => {
                let names: Vec<_> = PLANS.iter().map(|(name, _)| *name).collect();
                Err(error).with_context(|| {
                    let hint = hint(&origin, names.iter().copied());
                    let names = names.join(", ");
                    format!("cannot read the study {origin}{hint}, expected a TOML file or one of {names}")
                })
            }
        }
    }

    /// The folder that paths in the study are relative to: the folder of its file, or the working
    /// directory for a study from a pipe.
    fn base_folder(&self) -> PathBuf {
        let parent = self.study.parent().filter(|_| self.study.is_file());
        let folder = parent.unwrap_or(Path::new(""));
        std::path::absolute(Path::new(".").join(folder)).unwrap_or_else(|_| folder.to_owned())
    }

    /// The folder of the study, or its URL.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.out {
            return Ok(folder.clone());
        }
        let name = self.study.file_stem().unwrap_or_default();
        if name.is_empty() || name.as_encoded_bytes().starts_with(b".") {
            anyhow::bail!(
                "{} gives the folder of the study no name; choose one with --out",
                self.study.display()
            );
        }
        Ok(Path::new("studies-done").join(name))
    }
}

/// Refuses networks that do not fit the images of a named dataset, before they are downloaded.
fn require_known_fit(plan: &StudyPlan, device: &Device) -> anyhow::Result<()> {
    let known = plan.networks.iter().filter_map(|network| {
        let entry = DatasetEntry::find(&network.dataset)?;
        Some((network, entry))
    });
    for (network, entry) in known {
        require_fit(network, entry.shape, entry.classes, device)?;
    }
    Ok(())
}

fn require_fit(
    network: &NetworkPlan,
    shape: [usize; 3],
    classes: usize,
    device: &Device,
) -> anyhow::Result<()> {
    let fits = network.require_fit(shape, classes, device);
    fits.with_context(|| format!("network `{}`", network.name))
}

/// A table of the numbers that differ from another study.
fn differences(comparison: &NumbersComparison) -> String {
    if comparison.differences.is_empty() {
        return format!("all {} numbers are as expected", count(comparison.numbers));
    }
    let heading = ["experiment", "of", "gauge", "number", "expected", "found", "allowed"];
    let row = |difference: &NumberDifference| {
        let NumberDifference { number, found, expected, allowed } = difference;
        let value = |value: Option<f64>| TableCell::from(value).format(number.measure.unit);
        let name = number.measure.name.clone();
        let what = [number.experiment.clone(), number.of.clone(), number.gauge.clone(), name];
        what.into_iter().chain([value(*expected), value(*found), allowed.clone()]).collect()
    };
    table(&heading, comparison.differences.iter().map(row).collect())
}

fn require_equal(comparison: &NumbersComparison, file: &Path) -> anyhow::Result<()> {
    let (all, differ) = (comparison.numbers, comparison.differences.len());
    if differ == 0 {
        return Ok(());
    }
    let verb = if differ == 1 { "differs" } else { "differ" };
    anyhow::bail!(
        "{} of {} {verb} from {} by more than allowed; --tolerance widens what is",
        count(differ),
        plural(all, "number"),
        file.display()
    )
}

/// Works on a study with a progress bar.
fn run_with_progress<T>(
    study: &Study<'_>,
    output: &Output,
    work: impl FnOnce(&Study<'_>, StudyProgressFn<'_>) -> Result<T, Error>,
) -> anyhow::Result<T> {
    let (bar, last) = (output.bar(), Arc::new(Mutex::new((0, 0, StepProgress::default()))));
    let (folder, begun) = (study.folder.display().to_string(), last.clone());
    let _kept = InterruptNote::set(move || {
        let (done, of, _) = *begun.lock().unwrap_or_else(PoisonError::into_inner);
        (of > 0).then(|| {
            format!("{done} of {of} steps and what the next one finished are kept in {folder}")
        })
    });
    let show = |StudyProgress { step, steps, name, task, .. }: StudyProgress<'_>| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        (last.0, last.1) = (step, steps);
        let share = last.2.share((step, steps), task.task, task.share());
        let number = (step + 1).min(steps);
        bar.show(share, format!("step {number} of {steps}, {name}: {}", task.task));
        ControlFlow::Continue(())
    };
    Ok(work(study, &show)?)
}

#[derive(Serialize)]
struct StudyTaskOutput {
    task: String,
    folder: String,
    seconds: f64,
}

/// Says that a task is done.
fn report_task(
    task: &StudyTask,
    folder: &Path,
    time: Duration,
    output: &Output,
) -> anyhow::Result<()> {
    let folder = folder.join("runs").join(&task.run).display().to_string();
    let done = StudyTaskOutput { task: task.to_string(), folder, seconds: time.as_secs_f64() };
    output.result(&done, || {
        pairs(&[
            ("task", done.task.clone()),
            ("folder", done.folder.clone()),
            ("time", duration(time)),
            ("then", "the same command without --task, once all tasks are done".to_owned()),
        ])
    })
}
