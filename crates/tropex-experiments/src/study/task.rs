//! A task of a study: what a separate process can do before the study writes its report.

use std::fmt;

/// Work on one run of a study. A process that does it finds finished work, and the study finds what
/// its tasks have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyTask {
    /// The work.
    pub work: StudyWork,
    /// Name of the run, such as `fcn4-seed0`.
    pub run: String,
    /// Name of the network in the plan.
    pub network: String,
}

/// The work of a [`StudyTask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StudyWork {
    /// Training or import of the run.
    Train,
    /// Terms and experiments of the run, after its training.
    Experiments,
}

impl fmt::Display for StudyTask {
    /// The name: `train:fcn4-seed0` or `experiments:fcn4-seed0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = match self.work {
            StudyWork::Train => "train",
            StudyWork::Experiments => "experiments",
        };
        write!(f, "{work}:{}", self.run)
    }
}
