//! `tropex experiment`

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tropex::experiments::experiments::{
    ExperimentEntry, ExperimentReport, ExperimentRequest, Parameters, RunInput, Scope,
    descriptions, find, require_divisible, run_experiment_part, run_experiments,
};
use tropex::experiments::report::{
    Finding, Measure, Page, PageFiles, ReportLocks, RunRecord, comparison,
};
use tropex::experiments::run::PartMode;
use tropex::experiments::study::summarize;
use tropex::experiments::{EXPERIMENTS, Error, RunSettings, TaskProgress, TrainedEpochs};
use tropex::extract::job::PartNumber;
use tropex::train::checkpoint::Checkpoints;
use tropex::train::messages::hint;
use tropex::{Devices, Gauge, Precision};

use super::choices;
use super::examples::examples;
use super::image_parts::{ImageParts, report_results};
use super::options::{DataOption, DevicesOption, one_or_more, open_run, require_writable, whole};
use crate::interrupt::InterruptNote;
use crate::output::{CommandProgress, Output, StepProgress, count, pairs, plural, table};
use crate::remote::{folder_for_jobs, local_folder};

/// Run experiments on how networks use their terms to generalize. Known findings are reused.
#[derive(Debug, Args)]
#[command(after_help = examples!(
    "experiment all runs/fcn4",
    "experiment count,generalization runs/fcn4 runs/vgg --gauge worst-case,calibrated --page compared.html",
    "experiment count,patterns,generalization runs/fcn4 --part 1/4",
    "experiment count,patterns,generalization runs/fcn4 --parts 4",
))]
pub struct ExperimentArgs {
    /// Experiments with commas between them, or `all`; `tropex list` names them.
    #[arg(value_name = "EXPERIMENT[,...]")]
    names: String,
    /// Folders of the runs. Several runs are compared.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Gauges of the terms.
    #[arg(long, value_parser = choices::gauge(), default_value = "worst-case", value_delimiter = ',')]
    gauge: Vec<Gauge>,
    /// Format of the numbers of the terms. Default: that of the existing terms, or f32.
    #[arg(long, value_parser = choices::precision())]
    precision: Option<Precision>,
    /// Use the terms of LIMIT training images, with every class in proportion. Default: the
    /// existing terms, or the terms of all images that the network was trained on.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    limit: Option<NonZeroUsize>,
    /// Use POINTS test images and POINTS training images only, with every class in proportion.
    #[arg(long, value_parser = one_or_more, allow_negative_numbers = true)]
    points: Option<NonZeroUsize>,
    /// Further epochs to examine, among those with a checkpoint: all, or a list such as 0,1,5.
    #[arg(long, default_value = "last")]
    epochs: Checkpoints,
    /// Seed of all random choices.
    #[arg(long, default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    seed: u64,
    /// Change a parameter, such as `draws=10`; with `all`, `subset.draws=10`. The value is JSON.
    #[arg(long, value_name = "PARAMETER=VALUE")]
    set: Vec<ParameterSetting>,
    /// Write a page of the findings about all runs: FILE.html with FILE.md beside it, or FILE.md
    /// alone. A page of each run is always in its folder `reports`.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Compute known findings again.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    parts: ImageParts,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

/// A parameter and its value.
#[derive(Clone, Debug)]
struct ParameterSetting {
    experiment: Option<String>,
    parameter: String,
    value: Value,
}

impl FromStr for ParameterSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("expected PARAMETER=VALUE")?;
        let (experiment, parameter) = match name.split_once('.') {
            Some((experiment, parameter)) => (Some(experiment.to_owned()), parameter),
            None => (None, name),
        };
        // A value that is not JSON is a text, so that texts need no quotes.
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Self { experiment, parameter: parameter.to_owned(), value })
    }
}

#[derive(Serialize)]
struct ExperimentOutput<'a> {
    reports: Vec<ReportOutput<'a>>,
    /// Paths of the pages.
    pages: Vec<String>,
    /// Experiments that `all` leaves out.
    left_out: Vec<&'a str>,
    /// Findings whose files are damaged, which the pages lack.
    damaged: Vec<String>,
}

#[derive(Serialize)]
struct ReportOutput<'a> {
    experiment: &'a str,
    folder: String,
    reused: bool,
    subjects: &'a [RunRecord],
    text: &'a str,
    values: &'a [Measure],
}

impl ExperimentArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let experiments = self.experiments()?;
        self.check()?;
        // Checked before the work.
        let page = self.page.as_deref().map(PageFiles::named).transpose()?;
        let devices = self.devices.find()?;
        let inputs = self.inputs(output)?;
        if let Some(part) = self.parts.part {
            return self.run_part(part, (&inputs, &devices), &experiments, output);
        }
        let locks = ReportLocks::acquire(inputs.iter().map(|input| &input.run))?;
        let (mut reports, bar) = (Vec::new(), output.bar());
        let expected = self.gauge.len() * self.findings(&experiments);
        let told = Arc::new(AtomicUsize::new(0));
        let found = told.clone();
        let _kept = InterruptNote::set(move || {
            let found = found.load(Ordering::Relaxed);
            let all = plural(expected, "finding");
            let what = "terms and findings are kept in the folders of the runs";
            Some(format!("{what}, {} of {all} so far", count(found)))
        });
        for &gauge in &self.gauge {
            let request = self.request(gauge, (&inputs, &devices), &experiments);
            self.run_experiments(&request, &locks, &mut reports, (&bar, &told, expected), output)?;
        }
        bar.finish();
        let (pages, damaged) = self.write_pages(page, &reports)?;
        let left_out = self.left_out();
        if output.is_for_machines() {
            let reports = reports.iter().map(ReportOutput::of).collect();
            return output
                .result(&ExperimentOutput { reports, pages, left_out, damaged }, String::new);
        }
        let mut last = comparisons(&reports);
        let mut lines: Vec<_> = pages.into_iter().map(|page| ("page", page)).collect();
        lines.extend(damaged.into_iter().map(|reason| ("not shown", reason)));
        if !left_out.is_empty() {
            let why = "they compare runs, so name two or more";
            lines.push(("left out", format!("{} ({why})", left_out.join(", "))));
        }
        last.push(pairs(&lines));
        output.text(&last.join("\n\n"))
    }

    /// The folder of the first run, for experiments that are done in parts.
    pub fn divisible_run(&self, output: &Output) -> anyhow::Result<PathBuf> {
        self.parts.require_whole()?;
        let experiments = self.experiments()?;
        self.check()?;
        let (inputs, devices) = (self.inputs(output)?, self.devices.find()?);
        for &gauge in &self.gauge {
            require_divisible(&self.request(gauge, (&inputs, &devices), &experiments))?;
        }
        Ok(folder_for_jobs(&self.runs[0]))
    }

    fn inputs(&self, output: &Output) -> anyhow::Result<Vec<RunInput>> {
        let input = |path: &PathBuf| {
            let run = open_run(path)?;
            let dataset = self.data.open_of(&run, output)?;
            Ok(RunInput { run, dataset })
        };
        self.runs.iter().map(input).collect()
    }

    fn request<'a>(
        &self,
        gauge: Gauge,
        (inputs, devices): (&'a [RunInput], &'a Devices),
        experiments: &[(&'static ExperimentEntry, Parameters)],
    ) -> ExperimentRequest<'a> {
        let settings = RunSettings::default()
            .with_gauge(gauge)
            .with_precision(self.precision)
            .with_limit(self.limit.map(NonZeroUsize::get))
            .with_points(self.points.map(NonZeroUsize::get))
            .with_seed(self.seed);
        ExperimentRequest {
            inputs,
            experiments: experiments.to_vec(),
            epochs: TrainedEpochs::from(&self.epochs),
            settings,
            devices,
            again: self.again,
            mode: self.parts.joined().map_or(PartMode::Whole, PartMode::Joined),
        }
    }

    /// Does one part of the work on single images.
    fn run_part(
        &self,
        part: PartNumber,
        inputs: (&[RunInput], &Devices),
        experiments: &[(&'static ExperimentEntry, Parameters)],
        output: &Output,
    ) -> anyhow::Result<()> {
        let (bar, start, mut files) = (output.bar(), Instant::now(), 0);
        let show = |TaskProgress { task, done, total, .. }: TaskProgress<'_>| {
            bar.show_part(done, total, task);
            ControlFlow::Continue(())
        };
        for &gauge in &self.gauge {
            let request = self.request(gauge, inputs, experiments);
            files += run_experiment_part(&request, part, &show)?.files;
        }
        bar.finish();
        report_results(part, files, start.elapsed(), output)
    }

    /// Refuses a repeated gauge, and a page that cannot be written.
    fn check(&self) -> anyhow::Result<()> {
        self.page.as_deref().map(require_writable).transpose()?;
        if let Some(gauge) = first_repeated(&self.gauge) {
            bail!("--gauge names {} twice", gauge.name());
        }
        Ok(())
    }

    /// Experiments that compare runs, which `all` leaves out for a single run.
    fn left_out(&self) -> Vec<&'static str> {
        let is_left_out = |entry: &&ExperimentEntry| {
            self.names() == ["all"] && self.runs.len() < 2 && entry.scope == Scope::Together
        };
        EXPERIMENTS.iter().filter(is_left_out).map(|entry| entry.name).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.names.split(',').map(str::trim).collect()
    }

    /// Writes a page for each run, and one for all runs if requested. Returns the paths of the
    /// pages, and the damaged findings that the pages lack.
    fn write_pages(
        &self,
        page: Option<PageFiles>,
        reports: &[ExperimentReport],
    ) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let mut pages = Vec::new();
        for run in &self.runs {
            let run = local_folder(run)?;
            let files = PageFiles::within(&run.join("reports"));
            pages.push((Page::of_run(&run, descriptions())?, files));
        }
        if let Some(files) = page {
            let findings = reports.iter().map(|report| report.finding.clone()).collect();
            let title = "Linear terms of several runs".into();
            let experiments = descriptions();
            pages.push((Page { title, experiments, findings, ..Page::default() }, files));
        }
        for (page, _) in &mut pages {
            page.summary = Some(summarize(&page.findings));
        }
        let damaged = pages.iter().flat_map(|(page, _)| page.left_out.clone()).collect();
        let write = |(page, files): (Page, PageFiles)| {
            files.write(&page)?;
            Ok(files.first().display().to_string())
        };
        // A run without findings of its own needs no page.
        pages.retain(|(page, _)| !page.findings.is_empty());
        let written = pages.into_iter().map(write).collect::<anyhow::Result<_>>()?;
        Ok((written, damaged))
    }

    /// Number of findings with one gauge.
    fn findings(&self, experiments: &[(&'static ExperimentEntry, Parameters)]) -> usize {
        let of = |(entry, _): &(&ExperimentEntry, _)| match entry.scope {
            Scope::Each => self.runs.len(),
            Scope::Together => 1,
        };
        experiments.iter().map(of).sum()
    }

    /// Runs experiments, and prints each finding when it is ready. All findings count the same in
    /// the progress bar, because their durations are unknown.
    fn run_experiments(
        &self,
        request: &ExperimentRequest<'_>,
        locks: &ReportLocks,
        reports: &mut Vec<ExperimentReport>,
        (bar, told, expected): (&CommandProgress, &AtomicUsize, usize),
        output: &Output,
    ) -> anyhow::Result<()> {
        let stages = RefCell::new(StepProgress::default());
        let show = |progress: TaskProgress<'_>| {
            let (found, task) = (told.load(Ordering::Relaxed), progress.task);
            let share = stages.borrow_mut().share((found, expected), task, progress.share());
            let number = (found + 1).min(expected);
            bar.show(share, format!("{number} of {expected}: {task}"));
            ControlFlow::Continue(())
        };
        let mut unread = Ok(());
        run_experiments(request, locks, &show, &mut |report| {
            if unread.is_ok() && !output.is_for_machines() {
                unread = bar.suspend(|| output.text(&(text(&report) + "\n")));
            }
            reports.push(report);
            told.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .map_err(|error| self.parts.with_command(error))?;
        unread
    }

    /// The requested experiments with their parameters.
    fn experiments(&self) -> anyhow::Result<Vec<(&'static ExperimentEntry, Parameters)>> {
        let names = self.names();
        for name in names.iter().filter(|name| **name != "all") {
            find(name).map_err(|unknown| self.explained(name, unknown))?;
        }
        let (is_all, several) = (names.contains(&"all"), self.runs.len() > 1);
        let is_chosen = |entry: &&ExperimentEntry| {
            let fits = several || entry.scope == Scope::Each;
            names.contains(&entry.name) || is_all && fits
        };
        let mut chosen: Vec<_> =
            EXPERIMENTS.iter().filter(is_chosen).map(|entry| (entry, Parameters::new())).collect();
        for ParameterSetting { experiment, parameter, value } in &self.set {
            let only = if names.len() == 1 { names[0] } else { "all" };
            let name = experiment.as_deref().unwrap_or(only);
            let known = chosen.iter_mut().find(|(entry, _)| entry.name == name);
            let (_, parameters) = known.with_context(|| match experiment {
                None => {
                    format!(
                        "--set {parameter}: name the experiment, as in EXPERIMENT.{parameter}=..."
                    )
                }
                Some(name) => {
                    let known = EXPERIMENTS.iter().map(|entry| entry.name);
                    let is_known = known.clone().any(|known| known == name);
                    let hint = if is_known { String::new() } else { hint(name, known) };
                    format!(
                        "--set {name}.{parameter}: {name} is not one of the requested experiments{hint}"
                    )
                }
            })?;
            parameters.insert(parameter.clone(), value.clone());
        }
        Ok(chosen)
    }

    /// Explains an unknown experiment. A common mistake is the order of runs and experiments.
    fn explained(&self, name: &str, unknown: Error) -> anyhow::Error {
        let experiment = self
            .runs
            .iter()
            .filter_map(|run| run.to_str())
            .find(|name| *name == "all" || name.split(',').all(|name| find(name).is_ok()));
        match experiment {
            Some(experiment) if Path::new(&self.names).is_dir() => anyhow::anyhow!(
                "{} is a folder: the experiment comes before the runs, as in \
                 `tropex experiment {experiment} {}`",
                self.names,
                self.names
            ),
            _ if name.is_empty() => {
                anyhow::anyhow!("`{}` lacks an experiment before or after a comma", self.names)
            }
            _ => unknown.into(),
        }
    }
}

fn first_repeated<T: PartialEq>(items: &[T]) -> Option<&T> {
    items.iter().enumerate().find(|(at, item)| items[..*at].contains(item)).map(|(_, item)| item)
}

impl<'a> ReportOutput<'a> {
    fn of(report: &'a ExperimentReport) -> Self {
        let finding = &report.finding;
        Self {
            experiment: &finding.experiment,
            folder: report.folder.display().to_string(),
            reused: report.reused,
            subjects: &finding.runs,
            text: &finding.answer.text,
            values: &finding.answer.values,
        }
    }
}

/// The text of a report.
fn text(ExperimentReport { folder, finding, reused }: &ExperimentReport) -> String {
    let runs: Vec<_> = finding.runs.iter().map(|run| &*run.folder).collect();
    let known = if *reused { ", found before" } else { "" };
    let values = finding.answer.values.iter();
    let mut lines: Vec<_> = values.map(|measure| (&*measure.name, measure.format())).collect();
    lines.push(("files", folder.display().to_string()));
    format!(
        "{} of {}{known}\n{}\n{}",
        finding.experiment,
        runs.join(", "),
        finding.answer.text,
        pairs(&lines)
    )
}

/// Tables that compare several findings of one experiment.
fn comparisons(reports: &[ExperimentReport]) -> Vec<String> {
    let of = |entry: &ExperimentEntry| {
        let findings = reports.iter().map(|report| &report.finding);
        let findings: Vec<&Finding> =
            findings.filter(|finding| finding.experiment == entry.name).collect();
        let compared = comparison(&findings)?;
        let (heading, rows) = compared.transposed();
        let heading: Vec<_> = heading.iter().map(String::as_str).collect();
        Some(format!("{}\n{}", compared.title, table(&heading, rows)))
    };
    EXPERIMENTS.iter().filter_map(of).collect()
}
