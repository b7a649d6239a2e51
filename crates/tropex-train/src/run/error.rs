//! What can be wrong with a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;

use super::{CONFIG, FORMAT_VERSION};
use crate::import::ImportError;
use crate::training::TrainError;
use crate::weights::WeightsError;
use crate::zoo::ArchitectureError;

/// Why a run cannot be made, continued or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder or a file in it cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no run.
    #[error("no run in {}: {reason}; `tropex train` and `tropex import` make runs", folder.display())]
    NoRun {
        /// Where it should be.
        folder: PathBuf,
        /// What is there instead.
        reason: String,
    },
    /// The description of the run is damaged.
    #[error(
        "{} is damaged: {reason}; restore it, or make the run again in a new folder", path.display()
    )]
    Config {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled over.
        reason: String,
    },
    /// The run was made by another version.
    #[error(
        "{} has format version {found}, expected {FORMAT_VERSION}; make the run again in a new \
         folder", path.display()
    )]
    FormatVersion {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: u64,
    },
    /// The folder holds another run.
    #[error(
        "{} holds a run with {setting} {existing}, not {requested}; choose another folder or the \
         same settings", path.display()
    )]
    Differs {
        /// The folder.
        path: PathBuf,
        /// The setting that differs.
        setting: String,
        /// Its value in the folder.
        existing: String,
        /// Its value now.
        requested: String,
    },
    /// The training in the folder is further than the one asked for.
    #[error(
        "{} holds {done} epochs, more than the {asked} asked for; choose another folder for a \
         shorter training", path.display()
    )]
    MoreEpochs {
        /// The folder.
        path: PathBuf,
        /// Epochs that are done.
        done: usize,
        /// Epochs asked for.
        asked: usize,
    },
    /// A finished training whose state was removed.
    #[error(
        "the training in {} ended after {done} epochs and cannot go on, for its \
         resume.safetensors is not there; train anew in another folder", path.display()
    )]
    NoState {
        /// The folder.
        path: PathBuf,
        /// Epochs that are done.
        done: usize,
    },
    /// The folder holds something else.
    #[error(
        "{} is no run and not empty (it holds {file}); choose a new folder", path.display()
    )]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// A file in it.
        file: String,
    },
    /// The training is not done.
    #[error(
        "the training in {} is not finished; run the same `tropex train` again to finish it",
        path.display()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Somebody else works there.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The weights of a finished training are gone.
    #[error(
        "{} is missing, and the training was finished: restore it, or train again in a new folder",
        path.display()
    )]
    Lost {
        /// The missing file.
        path: PathBuf,
    },
    /// No weights were kept after that epoch.
    #[error("{} has no checkpoint of epoch {epoch}{}", path.display(), those_kept(kept))]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
        /// The epoch asked for.
        epoch: usize,
        /// The epochs that are there.
        kept: Vec<usize>,
    },
    /// The architecture cannot be built.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Weights cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Weights cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// The first run below a folder, as those of studies are.
fn runs_inside(folder: &Path) -> Option<String> {
    let below = [folder.to_owned(), folder.join("runs")];
    let entries = below.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let runs = entries.map(|entry| entry.path()).filter(|path| path.join(CONFIG).exists());
    runs.min().map(|run| run.display().to_string())
}

fn those_kept(epochs: &[usize]) -> String {
    let epochs: Vec<_> = epochs.iter().map(ToString::to_string).collect();
    match &epochs[..] {
        [] => " and no other checkpoints".into(),
        [epoch] => format!(", only of epoch {epoch}"),
        _ => format!(", only of epochs {}", epochs.join(", ")),
    }
}

impl RunError {
    /// What is in a folder without `config.json`, and where a run is that may be meant.
    pub(super) fn no_run(folder: &Path) -> Self {
        let inside = if folder.join(CONFIG).exists() { None } else { runs_inside(folder) };
        let around = folder.parent().filter(|parent| parent.join(CONFIG).exists());
        let reason = match (inside, around) {
            _ if !folder.exists() => "there is no such folder".to_owned(),
            (_, Some(run)) => format!("{CONFIG} lies in {}, which may be meant", run.display()),
            (Some(runs), _) => format!("it holds runs, such as {runs}"),
            _ if !folder.is_dir() => "it is no folder".to_owned(),
            _ => format!("it holds no {CONFIG}"),
        };
        Self::NoRun { folder: folder.to_owned(), reason }
    }

    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
