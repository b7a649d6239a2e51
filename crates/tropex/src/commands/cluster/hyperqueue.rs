//! HyperQueue: a job file with all tasks and their dependencies.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::command_plan::CommandPlan;
use super::engine::{Engine, JobSettings, JobState};

pub struct HyperQueue;

/// The job file, as `hq job submit-file` reads it.
#[derive(Serialize)]
struct JobFile {
    name: String,
    task: Vec<TaskEntry>,
}

#[derive(Serialize)]
struct TaskEntry {
    id: usize,
    command: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deps: Vec<usize>,
    stdout: String,
    stderr: String,
    /// Threads stay on the processors of the task, so that a task starts as many as it may use.
    pin: &'static str,
    request: [ResourceRequest; 1],
}

#[derive(Serialize)]
struct ResourceRequest {
    resources: BTreeMap<&'static str, usize>,
}

impl Engine for HyperQueue {
    fn name(&self) -> &'static str {
        "hyperqueue"
    }

    fn file(&self) -> &'static str {
        "hyperqueue.toml"
    }

    fn command(&self) -> &'static str {
        "hq"
    }

    fn job(&self, plan: &CommandPlan, job: &JobSettings) -> anyhow::Result<String> {
        let mut resources = BTreeMap::from([("cpus", job.cpus)]);
        if job.gpus > 0 {
            resources.insert("gpus/nvidia", job.gpus);
        }
        let entries = plan.tasks().map(|(step, at)| {
            let task = &step.tasks[at];
            let part = if step.is_array() { format!("-{}", at + 1) } else { String::new() };
            let log = |end: &str| format!("{}/{}{part}.{end}", job.logs, step.name);
            TaskEntry {
                id: task.id,
                command: plan.command(step, at),
                deps: task.after.clone().collect(),
                stdout: log("log"),
                stderr: log("err"),
                pin: "taskset",
                request: [ResourceRequest { resources: resources.clone() }],
            }
        });
        let file = JobFile { name: job.name.clone(), task: entries.collect() };
        toml::to_string(&file).context("cannot write the tasks as TOML")
    }

    fn submission(&self, file: &Path, job: &JobSettings) -> Vec<String> {
        let mut words = ["hq", "job", "submit-file"].map(str::to_owned).to_vec();
        words.extend(job.options.iter().cloned());
        words.push(file.display().to_string());
        words
    }

    /// The answer ends with the number of the job.
    fn jobs(&self, answer: &str) -> Vec<String> {
        let mut words = answer.split(|letter: char| !letter.is_ascii_digit());
        words.rfind(|word| !word.is_empty()).map(str::to_owned).into_iter().collect()
    }

    fn question(&self, jobs: &[String]) -> Vec<String> {
        let words = ["hq", "job", "info", "--output-mode", "json"].map(str::to_owned);
        words.into_iter().chain(jobs.iter().cloned()).collect()
    }

    fn state(&self, said: &str, _: &str) -> Option<JobState> {
        let jobs: serde_json::Value = serde_json::from_str(said).ok()?;
        let tasks = &jobs.as_array()?.first()?["info"]["task_stats"];
        let count = |state: &str| Some(tasks[state].as_u64()? as usize);
        Some(JobState {
            waiting: count("waiting")?,
            running: count("running")?,
            failed: count("failed")? + count("canceled")?,
        })
    }
}
