//! The commands of a plan.

use std::path::PathBuf;

use serde::Serialize;
use tropex::extract::job::{PartPlan, PlanTask, StepWork};

use crate::commands::extraction::{ExtractionOptions, ExtractionSizes};

/// An extraction in parts as commands of `tropex`, in steps: the tasks of a step may run at once, and
/// follow all tasks of the step before.
#[derive(Debug)]
pub struct CommandPlan {
    /// The program that all tasks start.
    pub program: String,
    pub steps: Vec<CommandStep>,
}

/// A step with one task per part, or with one task.
#[derive(Debug)]
pub struct CommandStep {
    /// Name of the step, such as `stage-1`.
    pub name: String,
    /// The arguments of every task.
    pub arguments: Vec<Argument>,
    pub tasks: Vec<PlanTask>,
}

/// An argument of the tasks of a step.
#[derive(Clone, Debug)]
pub enum Argument {
    Text(String),
    /// The part of the task: `2/4` for the second of four parts.
    Part {
        of: usize,
    },
}

/// A task for other programs.
#[derive(Serialize)]
pub struct TaskOutput {
    id: usize,
    step: String,
    /// The program and its arguments.
    command: Vec<String>,
    /// Tasks that end before this task begins.
    after: Vec<usize>,
    /// Files of other tasks that the task reads.
    inputs: Vec<String>,
    /// Files that the task leaves.
    outputs: Vec<String>,
}

impl CommandPlan {
    pub fn new(
        plan: PartPlan,
        terms: &ExtractionOptions,
        sizes: ExtractionSizes,
        program: String,
    ) -> Self {
        let parts = plan.parts;
        let steps = plan.steps.into_iter().map(|step| {
            let (name, arguments) = commands(step.work, parts, terms, sizes);
            CommandStep { name, arguments, tasks: step.tasks }
        });
        Self { program, steps: steps.collect() }
    }

    /// The tasks with their steps, in the order of their numbers.
    pub fn tasks(&self) -> impl Iterator<Item = (&CommandStep, &PlanTask)> {
        self.steps.iter().flat_map(|step| step.tasks.iter().map(move |task| (step, task)))
    }

    /// Program and arguments of a task.
    pub fn command(&self, step: &CommandStep, task: &PlanTask) -> Vec<String> {
        let argument = |argument: &Argument| match argument {
            Argument::Text(text) => Some(text.clone()),
            Argument::Part { .. } => task.part.map(|part| part.to_string()),
        };
        let arguments = step.arguments.iter().filter_map(argument);
        std::iter::once(self.program.clone()).chain(arguments).collect()
    }

    /// The tasks for other programs.
    pub fn to_output(&self) -> Vec<TaskOutput> {
        let paths =
            |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
        let output = |(step, task): (&CommandStep, &PlanTask)| TaskOutput {
            id: task.id,
            step: step.name.clone(),
            command: self.command(step, task),
            after: task.after.clone().collect(),
            inputs: paths(&task.inputs),
            outputs: paths(&task.outputs),
        };
        self.tasks().map(output).collect()
    }
}

/// The name of a step, and the arguments of its tasks.
fn commands(
    work: StepWork,
    parts: usize,
    terms: &ExtractionOptions,
    sizes: ExtractionSizes,
) -> (String, Vec<Argument>) {
    let texts = |words: Vec<String>| words.into_iter().map(Argument::Text);
    let stage = |stage: usize| texts(vec!["--stage".into(), stage.to_string()]);
    let part = || {
        let flag = Argument::Text("--part".into());
        texts(terms.extract_words(sizes)).chain([flag, Argument::Part { of: parts }])
    };
    let all = || texts(terms.merge_words());
    match work {
        StepWork::Stage(at) => (format!("stage-{at}"), part().chain(stage(at)).collect()),
        StepWork::Reduce(at) => {
            let parts = texts(vec!["--parts".into(), parts.to_string()]);
            (format!("reduce-{at}"), all().chain(stage(at)).chain(parts).collect())
        }
        StepWork::Terms => ("terms".into(), part().collect()),
        _ => ("merge".into(), all().collect()),
    }
}
