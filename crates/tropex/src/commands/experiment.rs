//! `tropex experiment`

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use tropex::experiments::experiment::{ExperimentEntry, Parameters, Scope};
use tropex::experiments::report::{Finding, Measure, Page, SubjectRecord, comparison};
use tropex::experiments::runner::{self, Material, Report, Request};
use tropex::experiments::{EXPERIMENTS, Moments, Settings, experiments};
use tropex::train::checkpoint::Checkpoints;
use tropex::train::run::Run;

use super::options::{DataOption, DevicesOption, GaugeName, PrecisionName};
use crate::interrupt::Kept;
use crate::output::{Bar, Output, Stages, count, pairs, plural, table};

/// Ask how networks use their terms to generalize. What was found before is not computed again.
#[derive(Debug, Args)]
pub struct Experiment {
    /// Experiment, as `tropex list` names them, or `all`.
    name: String,
    /// Folders of the runs; several are compared.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Gauges of the terms.
    #[arg(long, default_value = "worst-case", value_delimiter = ',')]
    gauge: Vec<GaugeName>,
    /// Format of the terms' numbers; by default that of the terms that are there, or f32.
    #[arg(long)]
    precision: Option<PrecisionName>,
    /// Terms of the first LIMIT training images; by default the terms that are there, or those of
    /// all images that the network was trained on.
    #[arg(long)]
    limit: Option<NonZeroUsize>,
    /// Look at the first POINTS test images, and the first POINTS training images, only.
    #[arg(long)]
    points: Option<NonZeroUsize>,
    /// Epochs at which runs are looked at besides the last, of those whose weights were kept: all,
    /// or a list such as 0,1,5.
    #[arg(long, default_value = "last")]
    epochs: Checkpoints,
    /// Source of everything random.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Change a parameter, such as `draws=10`; with `all`, `subset.draws=10`. The value is JSON.
    #[arg(long, value_name = "PARAMETER=VALUE")]
    set: Vec<Setting>,
    /// Write a page of what is found about all runs, as HTML, and as Markdown beside it. A page of
    /// each run is in its folder `reports` anyway.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Compute again what was found before.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    data: DataOption,
    #[command(flatten)]
    devices: DevicesOption,
}

/// A parameter and its value.
#[derive(Clone, Debug)]
struct Setting {
    experiment: Option<String>,
    parameter: String,
    value: Value,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("expected PARAMETER=VALUE")?;
        let (experiment, parameter) = match name.split_once('.') {
            Some((experiment, parameter)) => (Some(experiment.to_owned()), parameter),
            None => (None, name),
        };
        // What is no JSON is a text, so that texts need no quotes.
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Self { experiment, parameter: parameter.to_owned(), value })
    }
}

#[derive(Serialize)]
struct Told<'a> {
    reports: Vec<ToldReport<'a>>,
    /// Where all of it can be read.
    pages: Vec<String>,
}

#[derive(Serialize)]
struct ToldReport<'a> {
    experiment: &'a str,
    folder: String,
    reused: bool,
    subjects: &'a [SubjectRecord],
    text: &'a str,
    values: &'a [Measure],
}

impl Experiment {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let experiments = self.experiments()?;
        let devices = self.devices.find()?;
        let material = |path: &PathBuf| {
            let run = Run::open(path)?;
            let dataset = self.data.open_of(&run, output)?;
            anyhow::Ok(Material { run, dataset })
        };
        let materials: Vec<_> = self.runs.iter().map(material).collect::<Result<_, _>>()?;
        let (mut reports, bar) = (Vec::new(), output.bar());
        let expected = self.gauge.len() * self.findings(&experiments);
        let told = Arc::new(AtomicUsize::new(0));
        let found = told.clone();
        let _kept = Kept::tell(move || {
            let found = found.load(Ordering::Relaxed);
            let all = plural(expected, "finding");
            let what = "terms and findings are kept in the folders of the runs";
            Some(format!("{what}, {} of {all} so far", count(found)))
        });
        for &gauge in &self.gauge {
            let settings = Settings {
                gauge: gauge.into(),
                precision: self.precision.map(Into::into),
                limit: self.limit.map(NonZeroUsize::get),
                points: self.points.map(NonZeroUsize::get),
                seed: self.seed,
            };
            let request = Request {
                materials: &materials,
                experiments: experiments.clone(),
                moments: Moments::from(&self.epochs),
                settings,
                devices: &devices,
                again: self.again,
            };
            self.carry_out(&request, &mut reports, (&bar, &told, expected), output)?;
        }
        bar.finish();
        let pages = self.write_pages(&reports)?;
        if output.is_for_machines() {
            let told = reports.iter().map(ToldReport::of).collect();
            return output.result(&Told { reports: told, pages }, String::new);
        }
        let mut last = comparisons(&reports);
        last.push(pairs(&pages.iter().map(|page| ("page", page.clone())).collect::<Vec<_>>()));
        output.text(&last.join("\n\n"))
    }

    /// Writes a page of everything that is known of each run, and one of all runs if it is asked
    /// for. Says where they are.
    fn write_pages(&self, reports: &[Report]) -> anyhow::Result<Vec<String>> {
        let mut pages = Vec::new();
        for run in &self.runs {
            pages.push((Page::of_run(run), run.join("reports").join("index.html")));
        }
        if let Some(path) = &self.page {
            let findings = reports.iter().map(|report| report.finding.clone()).collect();
            let title = "Linear terms of several runs".into();
            let page = Page { title, about: String::new(), summary: None, findings };
            pages.push((page, path.clone()));
        }
        let write = |(page, path): (Page, PathBuf)| {
            page.write(&path)?;
            Ok(path.display().to_string())
        };
        // Runs of which nothing is known, but for comparisons with others, need no page.
        pages.retain(|(page, _)| !page.findings.is_empty());
        pages.into_iter().map(write).collect()
    }

    /// How many findings experiments make with one gauge.
    fn findings(&self, experiments: &[(&'static ExperimentEntry, Parameters)]) -> usize {
        let of = |(entry, _): &(&ExperimentEntry, _)| match entry.scope {
            Scope::Each => self.runs.len(),
            Scope::Together => 1,
        };
        experiments.iter().map(of).sum()
    }

    /// Does experiments, and tells people what is found as soon as it is. Findings weigh alike in
    /// the bar, for nobody knows how long each takes.
    fn carry_out(
        &self,
        request: &Request<'_>,
        reports: &mut Vec<Report>,
        (bar, told, expected): (&Bar, &AtomicUsize, usize),
        output: &Output,
    ) -> anyhow::Result<()> {
        let stages = RefCell::new(Stages::default());
        let watch = |what: &str, done: usize, of: usize| {
            let (found, part) = (told.load(Ordering::Relaxed), done as f64 / of.max(1) as f64);
            let share = stages.borrow_mut().share((found, expected), what, part);
            let number = (found + 1).min(expected);
            bar.show(share, format!("{number} of {expected}: {what}"));
        };
        let mut unread = Ok(());
        runner::run(request, &watch, &mut |report| {
            if unread.is_ok() && !output.is_for_machines() {
                unread = bar.suspend(|| output.text(&(text(&report) + "\n")));
            }
            reports.push(report);
            told.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })?;
        unread
    }

    /// The experiments that are asked for, with their parameters.
    fn experiments(&self) -> anyhow::Result<Vec<(&'static ExperimentEntry, Parameters)>> {
        let entries: Vec<_> = match &*self.name {
            "all" => {
                let several = self.runs.len() > 1;
                let fits = |entry: &&ExperimentEntry| several || entry.scope == Scope::Each;
                EXPERIMENTS.iter().filter(fits).collect()
            }
            name => vec![experiments::find(name)?],
        };
        let mut chosen: Vec<_> =
            entries.into_iter().map(|entry| (entry, Parameters::new())).collect();
        for Setting { experiment, parameter, value } in &self.set {
            let name = experiment.as_ref().unwrap_or(&self.name);
            let (_, parameters) =
                chosen.iter_mut().find(|(entry, _)| entry.name == name).with_context(|| {
                    format!(
                        "--set {parameter}: name the experiment, as in EXPERIMENT.{parameter}=..."
                    )
                })?;
            parameters.insert(parameter.clone(), value.clone());
        }
        Ok(chosen)
    }
}

impl<'a> ToldReport<'a> {
    fn of(report: &'a Report) -> Self {
        let finding = &report.finding;
        Self {
            experiment: &finding.experiment,
            folder: report.folder.display().to_string(),
            reused: report.reused,
            subjects: &finding.subjects,
            text: &finding.answer.text,
            values: &finding.answer.values,
        }
    }
}

/// What people read of a report.
fn text(Report { folder, finding, reused }: &Report) -> String {
    let runs: Vec<_> = finding.subjects.iter().map(|subject| &*subject.run).collect();
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

/// Findings of one experiment side by side, where there are several.
fn comparisons(reports: &[Report]) -> Vec<String> {
    let of = |entry: &ExperimentEntry| {
        let findings = reports.iter().map(|report| &report.finding);
        let findings: Vec<&Finding> =
            findings.filter(|finding| finding.experiment == entry.name).collect();
        let compared = comparison(&findings)?;
        let (heading, rows) = compared.turned();
        let heading: Vec<_> = heading.iter().map(String::as_str).collect();
        Some(format!("{}\n{}", compared.title, table(&heading, rows)))
    };
    EXPERIMENTS.iter().filter_map(of).collect()
}
