//! Moments of a training.

use tropex_train::checkpoint::Checkpoints;
use tropex_train::run::{Run, RunError};

use crate::Error;

/// A moment of a training whose weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// The end.
    #[default]
    Final,
    /// After so many epochs; 0 is the start.
    Epoch(usize),
}

/// The moments at which experiments look at runs. The end is always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Moments {
    /// The end only.
    #[default]
    Final,
    /// All that were kept.
    All,
    /// After these epochs.
    List(Vec<usize>),
}

impl From<&Checkpoints> for Moments {
    /// The moments whose weights are kept, and the end.
    fn from(checkpoints: &Checkpoints) -> Self {
        match checkpoints {
            Checkpoints::Last => Self::Final,
            Checkpoints::All => Self::All,
            Checkpoints::List(epochs) => Self::List(epochs.clone()),
        }
    }
}

impl Moment {
    /// Epochs of a run's training that are over then.
    pub fn epoch(self, run: &Run) -> usize {
        match self {
            Self::Final => run.config().metrics.len(),
            Self::Epoch(epoch) => epoch,
        }
    }

    /// Name of the folder for what belongs to weights that are not the final ones.
    pub(crate) fn folder(self) -> Option<String> {
        match self {
            Self::Final => None,
            Self::Epoch(epoch) => Some(format!("epoch-{epoch:04}")),
        }
    }
}

impl Moments {
    /// The moments of a run, in order: the end comes last, whether or not its weights were kept as
    /// those of an epoch too.
    ///
    /// # Errors
    /// An epoch whose weights were not kept.
    pub fn of(&self, run: &Run) -> Result<Vec<Moment>, Error> {
        let last = Moment::Final.epoch(run);
        let epochs = match self {
            Self::Final => Vec::new(),
            Self::All => run.checkpoints()?,
            Self::List(epochs) => listed(epochs, run, last)?,
        };
        let earlier = epochs.into_iter().filter(|&epoch| epoch < last).map(Moment::Epoch);
        Ok(earlier.chain([Moment::Final]).collect())
    }
}

/// Epochs in order, all of which were kept, or are the last.
fn listed(epochs: &[usize], run: &Run, last: usize) -> Result<Vec<usize>, Error> {
    let kept = run.checkpoints()?;
    let mut epochs = epochs.to_vec();
    epochs.sort_unstable();
    epochs.dedup();
    match epochs.iter().find(|epoch| **epoch != last && !kept.contains(epoch)) {
        None => Ok(epochs),
        Some(&epoch) => {
            Err(RunError::NoCheckpoint { path: run.path().to_owned(), epoch, kept }.into())
        }
    }
}
