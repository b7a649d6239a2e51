//! The commands of a plan.

use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;
use tropex::experiments::study::{StudyTask, StudyWork};
use tropex::extract::job::{PartPlan, PlanTask, StepWork};

use crate::commands::extraction::{ExtractionOptions, ExtractionSizes};

/// Work as commands of `tropex`, in steps: the tasks of a step may run at once, after the tasks of
/// the step before.
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
    pub tasks: Vec<CommandTask>,
}

/// A task of a step.
#[derive(Clone, Debug, Default)]
pub struct CommandTask {
    /// Number of the task in the plan, from 1.
    pub id: usize,
    /// Tasks that end before this task begins.
    pub after: Range<usize>,
    /// Files of other tasks that the task reads, if they are known before.
    inputs: Vec<PathBuf>,
    /// Files that the task leaves, if they are known before.
    outputs: Vec<PathBuf>,
}

/// An argument of the tasks of a step.
#[derive(Clone, Debug)]
pub enum Argument {
    Text(String),
    /// The part of the task: `2/4` for the second of four parts.
    Part {
        of: usize,
    },
    /// A word for each task.
    Each(Vec<String>),
}

impl CommandStep {
    /// Whether the step has a task per part.
    pub fn is_array(&self) -> bool {
        self.arguments.iter().any(|argument| !matches!(argument, Argument::Text(_)))
    }
}

impl From<PlanTask> for CommandTask {
    fn from(task: PlanTask) -> Self {
        Self { id: task.id, after: task.after, inputs: task.inputs, outputs: task.outputs }
    }
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
    /// An extraction in parts.
    pub fn of_extraction(
        plan: PartPlan,
        terms: &ExtractionOptions,
        sizes: ExtractionSizes,
        program: String,
    ) -> Self {
        let parts = plan.parts;
        let steps = plan.steps.into_iter().map(|step| {
            let (name, arguments) = commands(step.work, parts, terms, sizes);
            let tasks = step.tasks.into_iter().map(CommandTask::from).collect();
            CommandStep { name, arguments, tasks }
        });
        Self { program, steps: steps.collect() }
    }

    /// Work on images in parts: the words of a command, which takes `--part` and `--parts`.
    pub fn of_images(words: &[String], parts: usize, program: String) -> Self {
        let with = |flag: &str, last| {
            let words = words.iter().cloned().chain([flag.to_owned()]).map(Argument::Text);
            words.chain([last]).collect()
        };
        let (part, all) = (Argument::Part { of: parts }, Argument::Text(parts.to_string()));
        let task = |id| CommandTask { id, ..CommandTask::default() };
        let join = CommandTask { id: parts + 1, after: 1..parts + 1, ..CommandTask::default() };
        let step =
            |name: &str, arguments, tasks| CommandStep { name: name.into(), arguments, tasks };
        let steps = vec![
            step("images", with("--part", part), (1..=parts).map(task).collect()),
            step("join", with("--parts", all), vec![join]),
        ];
        Self { program, steps }
    }

    /// A study in tasks: the words of its command, which takes `--task`.
    pub fn of_study(words: &[String], tasks: &[StudyTask], program: String) -> Self {
        let texts = || words.iter().cloned().map(Argument::Text);
        let number = |wanted: &StudyTask| {
            let is_same =
                |task: &StudyTask| task.run == wanted.run && task.work == StudyWork::Train;
            tasks.iter().position(is_same).map_or(1..1, |at| at + 1..at + 2)
        };
        let of_work = |work, name: &str| {
            let own = tasks.iter().zip(1..).filter(|(task, _)| task.work == work);
            let names = own.clone().map(|(task, _)| task.to_string()).collect();
            let after = |task| if work == StudyWork::Train { 1..1 } else { number(task) };
            let task = |(task, id)| CommandTask { id, after: after(task), ..Default::default() };
            let flag = Argument::Text("--task".into());
            CommandStep {
                name: name.to_owned(),
                arguments: texts().chain([flag, Argument::Each(names)]).collect(),
                tasks: own.map(task).collect(),
            }
        };
        let last = tasks.len() + 1;
        let report = CommandTask { id: last, after: 1..last, ..CommandTask::default() };
        let mut steps = vec![
            of_work(StudyWork::Train, "train"),
            of_work(StudyWork::Experiments, "experiments"),
        ];
        steps.push(CommandStep {
            name: "report".into(),
            arguments: texts().collect(),
            tasks: vec![report],
        });
        steps.retain(|step| !step.tasks.is_empty());
        Self { program, steps }
    }

    /// The steps with the positions of their tasks, in the order of the numbers of the tasks.
    pub fn tasks(&self) -> impl Iterator<Item = (&CommandStep, usize)> {
        self.steps.iter().flat_map(|step| (0..step.tasks.len()).map(move |at| (step, at)))
    }

    /// Program and arguments of a task of a step.
    pub fn command(&self, step: &CommandStep, at: usize) -> Vec<String> {
        let argument = |argument: &Argument| match argument {
            Argument::Text(text) => text.clone(),
            Argument::Part { of } => format!("{}/{of}", at + 1),
            Argument::Each(words) => words[at].clone(),
        };
        std::iter::once(self.program.clone()).chain(step.arguments.iter().map(argument)).collect()
    }

    /// The tasks for other programs.
    pub fn to_output(&self) -> Vec<TaskOutput> {
        let paths =
            |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
        let output = |(step, at): (&CommandStep, usize)| {
            let task = &step.tasks[at];
            TaskOutput {
                id: task.id,
                step: step.name.clone(),
                command: self.command(step, at),
                after: task.after.clone().collect(),
                inputs: paths(&task.inputs),
                outputs: paths(&task.outputs),
            }
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
