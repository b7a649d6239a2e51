//! Epochs of a training whose weights are kept.

use tropex_train::checkpoint::Checkpoints;
use tropex_train::run::{Run, RunError};

use crate::Error;

/// An epoch of a training whose weights are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainedEpoch {
    /// The last epoch, with the final weights.
    #[default]
    Final,
    /// The checkpoint after this number of epochs; 0 is the initial network.
    Epoch(usize),
}

/// The epochs at which experiments examine runs. The last epoch is always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainedEpochs {
    /// The last epoch only.
    #[default]
    Final,
    /// All epochs with a checkpoint.
    All,
    /// These epochs.
    List(Vec<usize>),
}

impl From<&Checkpoints> for TrainedEpochs {
    fn from(checkpoints: &Checkpoints) -> Self {
        match checkpoints {
            Checkpoints::Last => Self::Final,
            Checkpoints::All => Self::All,
            Checkpoints::List(epochs) => Self::List(epochs.clone()),
        }
    }
}

impl TrainedEpoch {
    /// Number of epochs that the weights were trained for.
    pub fn number(self, run: &Run) -> usize {
        match self {
            Self::Final => run.config().metrics.len(),
            Self::Epoch(epoch) => epoch,
        }
    }

    /// Name of the folder for terms of a checkpoint; terms of the final weights have no such
    /// folder.
    pub(crate) fn folder(self) -> Option<String> {
        match self {
            Self::Final => None,
            Self::Epoch(epoch) => Some(format!("epoch-{epoch:04}")),
        }
    }
}

impl TrainedEpochs {
    /// The epochs of a run in ascending order. The last one is always [`TrainedEpoch::Final`], even
    /// if its weights are also kept as a checkpoint.
    ///
    /// # Errors
    /// An epoch without a checkpoint.
    pub fn of(&self, run: &Run) -> Result<Vec<TrainedEpoch>, Error> {
        let last = TrainedEpoch::Final.number(run);
        let epochs = match self {
            Self::Final => Vec::new(),
            Self::All => run.checkpoints()?,
            Self::List(epochs) => sorted(epochs, run, last)?,
        };
        let earlier = epochs.into_iter().filter(|&epoch| epoch < last).map(TrainedEpoch::Epoch);
        Ok(earlier.chain([TrainedEpoch::Final]).collect())
    }
}

/// Epochs in ascending order, each of which is the last one or has a checkpoint.
fn sorted(epochs: &[usize], run: &Run, last: usize) -> Result<Vec<usize>, Error> {
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
