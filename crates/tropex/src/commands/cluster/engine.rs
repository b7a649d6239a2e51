//! What an engine has to tell.

use std::path::Path;

use super::command_plan::CommandPlan;

/// A program that runs the tasks of a plan on the machines of a cluster.
pub trait Engine: Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Name of the file that describes the tasks.
    fn file(&self) -> &'static str;

    /// The command of the engine that must be installed.
    fn command(&self) -> &'static str;

    /// Content of the file that describes the tasks.
    ///
    /// # Errors
    /// A plan that the engine cannot express.
    fn job(&self, plan: &CommandPlan, job: &JobSettings) -> anyhow::Result<String>;

    /// Program and arguments that hand over the file at a path.
    fn submission(&self, file: &Path, job: &JobSettings) -> Vec<String>;

    /// The jobs that the engine named when it accepted a submission.
    fn jobs(&self, answer: &str) -> Vec<String>;

    /// Program and arguments that ask for the state of jobs.
    fn question(&self, jobs: &[String]) -> Vec<String>;

    /// The state of jobs, from output and errors of the question; `None` if they do not tell it.
    fn state(&self, said: &str, complained: &str) -> Option<JobState>;
}

/// Numbers of tasks by state. Other tasks have succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobState {
    pub waiting: usize,
    pub running: usize,
    /// Tasks that failed or were cancelled, and are not started again.
    pub failed: usize,
}

/// What the tasks of a job need.
#[derive(Debug)]
pub struct JobSettings {
    /// Name of the job.
    pub name: String,
    /// Absolute path of the folder of the outputs of all tasks.
    pub logs: String,
    /// Processors per task.
    pub cpus: usize,
    /// GPUs per task.
    pub gpus: usize,
    /// Further options of the command of the engine.
    pub options: Vec<String>,
}
