//! `tropex submit`

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use super::assign::AssignArgs;
use super::cluster::ENGINES;
use super::cluster::command_plan::{CommandPlan, TaskOutput};
use super::cluster::engine::{Engine, JobSettings};
use super::cluster::follow::follow;
use super::evaluate::EvaluateArgs;
use super::examples::examples;
use super::experiment::ExperimentArgs;
use super::extract::ExtractArgs;
use super::options::{one_or_more, whole};
use super::shell::command_line;
use super::study::StudyArgs;
use crate::output::{Output, count, pairs};
use crate::remote::{folder_for_jobs, local_folder};

/// Hand over work in parts to the engine of a cluster. Call it where the engine accepts jobs;
/// all machines of the engine must see the folder of the run and the program under the same paths.
#[derive(Debug, Args)]
#[command(
    override_usage = "tropex submit [OPTIONS] --engine <ENGINE> --parts <N> -- <COMMAND>...",
    after_help = examples!(
        "submit --engine slurm --parts 100 -- extract runs/fcn4 --gauge tight",
        "submit --engine hyperqueue --parts 16 --cpus 4 --dry-run -- extract runs/fcn4",
        "submit --engine slurm --parts 20 -- evaluate runs/fcn4 --split train",
        "submit --engine hyperqueue -- study fashion",
    )
)]
pub struct SubmitArgs {
    /// The engine that runs the tasks.
    #[arg(long, value_parser = PossibleValuesParser::new(ENGINES.iter().map(|engine| engine.name())))]
    engine: String,
    /// Number of parts; a study has its tasks instead.
    #[arg(long, value_name = "N", value_parser = one_or_more, allow_negative_numbers = true)]
    parts: Option<NonZeroUsize>,
    /// Print the file for the engine, and submit nothing.
    #[arg(long)]
    dry_run: bool,
    /// Follow the job until all tasks have ended, and fail if one failed. An interrupt leaves the
    /// job running.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// Processors per task.
    #[arg(long, value_name = "N", default_value = "1", value_parser = one_or_more, allow_negative_numbers = true)]
    cpus: NonZeroUsize,
    /// GPUs per task.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>, allow_negative_numbers = true)]
    gpus: usize,
    /// The program that the tasks start. Default: this one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// A further option of `sbatch` or `hq job submit-file`, such as --option=--partition=long; may
    /// be given several times.
    #[arg(long = "option", value_name = "OPTION", allow_hyphen_values = true)]
    options: Vec<String>,
    /// The command that is cut into parts: extract, evaluate, assign or experiment with its
    /// options, or a study.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// The command after `--`.
#[derive(Debug, Parser)]
#[command(name = "tropex submit ... --", disable_help_subcommand = true)]
struct Submitted {
    #[command(subcommand)]
    command: SubmittedCommand,
}

/// The commands that can be cut into parts.
#[derive(Debug, Subcommand)]
enum SubmittedCommand {
    Extract(ExtractArgs),
    Evaluate(EvaluateArgs),
    Assign(AssignArgs),
    Experiment(ExperimentArgs),
    Study(StudyArgs),
}

#[derive(Serialize)]
struct SubmitOutput {
    engine: &'static str,
    /// The file for the engine.
    file: String,
    tasks: usize,
    /// The folder of the outputs of the tasks.
    logs: String,
    /// Content of the file, with --dry-run.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// The tasks, with --dry-run.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Vec<TaskOutput>>,
    /// Output of the command of the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

impl SubmitArgs {
    pub fn run(self, output: &Output) -> anyhow::Result<()> {
        let words = std::iter::once("tropex").chain(self.command.iter().map(String::as_str));
        let submitted =
            Submitted::try_parse_from(words).unwrap_or_else(|error| error.exit()).command;
        let engine = self.engine();
        if !self.dry_run {
            require_installed(engine)?;
        }
        let (plan, folder) = submitted.plan(&self, output)?;
        let job = self.settings(&folder)?;
        let content = engine.job(&plan, &job)?;
        let file = folder.join(engine.file());
        let mut submitted = SubmitOutput {
            engine: engine.name(),
            file: file.display().to_string(),
            tasks: plan.tasks().count(),
            logs: job.logs.clone(),
            content: self.dry_run.then(|| content.clone()),
            plan: self.dry_run.then(|| plan.to_output()),
            answer: None,
        };
        if self.dry_run {
            return output.result(&submitted, || content);
        }
        write(&file, Path::new(&job.logs), &content)?;
        let answer = hand_over(&engine.submission(&file, &job))?;
        if self.wait {
            let bar = output.bar();
            let followed = follow(engine, &answer, submitted.tasks, &bar);
            bar.finish();
            let logs = &submitted.logs;
            followed.with_context(|| format!("the outputs of the tasks are in {logs}"))?;
        }
        submitted.answer = Some(answer);
        output.result(&submitted, || submitted.text())
    }

    /// The chosen engine. The parser accepts the names of the table only.
    fn engine(&self) -> &'static dyn Engine {
        let chosen = ENGINES.iter().find(|engine| engine.name() == self.engine);
        *chosen.unwrap_or(&ENGINES[0])
    }

    /// The number of parts.
    fn parts(&self) -> anyhow::Result<NonZeroUsize> {
        self.parts.context("--parts is missing: the number of parts")
    }

    /// The program of all tasks.
    fn program(&self) -> anyhow::Result<String> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().context("cannot find the path of this program")?,
        };
        Ok(program.display().to_string())
    }

    fn settings(&self, folder: &Path) -> anyhow::Result<JobSettings> {
        let logs = folder.join("logs");
        let absolute = std::path::absolute(&logs);
        let absolute =
            absolute.with_context(|| format!("cannot find the path of {}", logs.display()))?;
        Ok(JobSettings {
            name: format!("tropex-{}", folder.file_name().unwrap_or_default().display()),
            logs: absolute.display().to_string(),
            cpus: self.cpus.get(),
            gpus: self.gpus,
            options: self.options.clone(),
        })
    }
}

impl SubmittedCommand {
    /// The plan, and the folder of the files of the job.
    fn plan(&self, submit: &SubmitArgs, output: &Output) -> anyhow::Result<(CommandPlan, PathBuf)> {
        let program = submit.program()?;
        let words = &submit.command;
        let (name, run) = match self {
            Self::Extract(extract) => {
                let (plan, folder) = extract.plan(submit.parts()?, output)?;
                let sizes = extract.sizes();
                return Ok((
                    CommandPlan::of_extraction(plan, &extract.terms, sizes, program),
                    folder,
                ));
            }
            Self::Study(study) => return study_plan(study, submit, program),
            Self::Evaluate(evaluate) => ("evaluate", evaluate.whole_run()?),
            Self::Assign(assign) => ("assign", assign.whole_run()?),
            Self::Experiment(experiment) => ("experiment", experiment.divisible_run(output)?),
        };
        let plan = CommandPlan::of_images(words, submit.parts()?.get(), program);
        Ok((plan, run.join("jobs").join(name)))
    }
}

/// The tasks of a study. Its folder is claimed before the files of the job are written to it.
fn study_plan(
    study: &StudyArgs,
    submit: &SubmitArgs,
    program: String,
) -> anyhow::Result<(CommandPlan, PathBuf)> {
    if submit.parts.is_some() {
        anyhow::bail!("--parts does not belong to a study, whose tasks are its runs; leave it out");
    }
    if !study.is_whole() {
        anyhow::bail!(
            "--task, --print and --compare do not belong to a study in tasks; leave them out"
        );
    }
    let (plan, given) = (study.plan()?, study.folder()?);
    if !submit.dry_run {
        let folder = local_folder(&given)?;
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create folder {}", folder.display()))?;
        plan.claim(&folder)?;
    }
    let commands = CommandPlan::of_study(&submit.command, &plan.tasks()?, program);
    Ok((commands, folder_for_jobs(&given).join("jobs")))
}

impl SubmitOutput {
    fn text(&self) -> String {
        let answer = self.answer.as_deref().unwrap_or_default().trim_end();
        pairs(&[
            ("engine", format!("{}: {}", self.engine, answer.replace('\n', "\n        "))),
            ("tasks", count(self.tasks)),
            ("file", self.file.clone()),
            ("logs", self.logs.clone()),
        ])
    }
}

/// Refuses an engine that is not installed here.
fn require_installed(engine: &dyn Engine) -> anyhow::Result<()> {
    let command = engine.command();
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(command).is_file()) {
        return Ok(());
    }
    anyhow::bail!(
        "the command {command} of {} is not installed here; submit on a machine that has it, or print \
         the file with --dry-run",
        engine.name()
    )
}

/// Writes the file for the engine, and makes the folder of the outputs.
fn write(file: &Path, logs: &Path, content: &str) -> anyhow::Result<()> {
    let folder = || format!("cannot create folder {}", logs.display());
    fs::create_dir_all(logs).with_context(folder)?;
    tropex_files::replace(file, content.as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Calls the command of the engine, and returns its output.
fn hand_over(words: &[String]) -> anyhow::Result<String> {
    let line = command_line(words);
    let called = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).output();
    let called = called.with_context(|| format!("cannot call `{line}`"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !called.status.success() {
        anyhow::bail!("`{line}` failed ({}): {}", called.status, text(&called.stderr));
    }
    Ok(text(&called.stdout))
}
