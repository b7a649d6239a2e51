//! The tasks of a plan, and their execution.

use std::fs;

use super::plan::StudyPlan;
use super::schedule::{StudyProgressFn, StudySchedule};
use super::study_settings::Study;
use super::task::{StudyTask, StudyWork};
use crate::Error;

impl StudyPlan {
    /// All tasks: trainings, then experiments. Comparisons of runs and the report are left to the
    /// study, after its tasks.
    ///
    /// # Errors
    /// [`Error::UnknownExperiment`], [`Error::Parameters`].
    pub fn tasks(&self) -> Result<Vec<StudyTask>, Error> {
        let runs = StudySchedule::runs_of(self);
        let task = |work| {
            let runs = runs.iter();
            let runs = runs.filter(move |run| work == StudyWork::Train || run.has_experiments());
            runs.map(move |run| StudyTask { work, run: run.name(), network: run.network_name() })
        };
        Ok(task(StudyWork::Train).chain(task(StudyWork::Experiments)).collect())
    }

    /// The task with a name.
    ///
    /// # Errors
    /// [`Error::Study`] names the tasks.
    pub fn task(&self, name: &str) -> Result<StudyTask, Error> {
        let tasks = self.tasks()?;
        let names: Vec<_> = tasks.iter().map(StudyTask::to_string).collect();
        tasks.into_iter().find(|task| task.to_string() == name).ok_or_else(|| Error::Study {
            origin: self.title.clone(),
            reason: format!("there is no task {name}, expected one of {}", names.join(", ")),
        })
    }
}

impl Study<'_> {
    /// Does one task of the study. Tasks of different runs may run at once, on any machines that
    /// see the folder; the experiments of a run train it first, unless it is trained.
    ///
    /// # Errors
    /// Those of [`Study::run`].
    pub fn run_task(&self, task: &StudyTask, progress: StudyProgressFn<'_>) -> Result<(), Error> {
        fs::create_dir_all(self.folder).map_err(Error::io("create folder", self.folder))?;
        self.plan.claim(self.folder)?;
        StudySchedule::of(self)?.execute_task(task, progress)
    }
}
