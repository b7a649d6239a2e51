//! Errors of runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;

use super::layout::{CONFIG, FORMAT_VERSION};
use crate::import::ImportError;
use crate::training::TrainError;
use crate::weights::WeightsError;
use crate::zoo::ArchitectureError;

/// Why a run cannot be created, continued or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The folder or a file in it cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The folder is not a run.
    #[error("no run in {}: {reason}", folder.display())]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// What is there, and which run may be meant.
        reason: String,
    },
    /// config.json is damaged.
    #[error(
        "{} is damaged: {reason}; restore it, or make the run again in a new folder", path.display()
    )]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The run has another format version.
    #[error(
        "{} has format version {found}, expected {FORMAT_VERSION}; make the run again in a new \
         folder", path.display()
    )]
    FormatVersion {
        /// The file.
        path: PathBuf,
        /// Format version of the file.
        found: u64,
    },
    /// The folder has a run with other settings.
    #[error(
        "{} holds a run with {setting} {existing}, not {requested}; choose another folder or the \
         same settings", path.display()
    )]
    Differs {
        /// The folder.
        path: PathBuf,
        /// The setting that differs.
        setting: String,
        /// Value in the folder.
        existing: String,
        /// Requested value.
        requested: String,
    },
    /// The folder contains another kind of network than requested: trained instead of imported,
    /// imported instead of trained, or imported from another file.
    #[error("{}", other_origin(path, existing.as_deref(), requested.as_deref()))]
    OtherOrigin {
        /// The folder.
        path: PathBuf,
        /// The file that the weights in the folder were imported from; `None` for a trained
        /// network.
        existing: Option<String>,
        /// The file of the requested import; `None` for a requested training.
        requested: Option<String>,
    },
    /// The run is an imported model, which is not a module of the zoo.
    #[error("{} holds an imported ONNX model, not weights of an architecture", path.display())]
    Model {
        /// The folder.
        path: PathBuf,
    },
    /// The training has more epochs than requested.
    #[error(
        "{} holds {done} epochs, more than the {asked} asked for; choose another folder for a \
         shorter training", path.display()
    )]
    MoreEpochs {
        /// The folder.
        path: PathBuf,
        /// Finished epochs.
        done: usize,
        /// Requested epochs.
        asked: usize,
    },
    /// The state of a finished training is missing.
    #[error(
        "the training in {} ended after {done} epochs and cannot continue, because its \
         resume.safetensors is missing; train again in another folder", path.display()
    )]
    NoState {
        /// The folder.
        path: PathBuf,
        /// Finished epochs.
        done: usize,
    },
    /// The folder has other content.
    #[error(
        "{} is not a run and not empty (it has {file}); choose a new folder", path.display()
    )]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// A file in it.
        file: String,
    },
    /// The training is not finished.
    #[error(
        "the training in {} is not finished; the same training finishes it",
        path.display()
    )]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// Another process works in the folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The weights of a finished training are missing.
    #[error(
        "{} is missing, and the training was finished: restore it, or train again in a new folder",
        path.display()
    )]
    Lost {
        /// The missing file.
        path: PathBuf,
    },
    /// There is no checkpoint of this epoch.
    #[error("{} has no checkpoint of epoch {epoch}{}", path.display(), existing_checkpoints(kept))]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
        /// The requested epoch.
        epoch: usize,
        /// Epochs with a checkpoint.
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

/// The first run in a folder or in its folder `runs`, as in a study.
fn runs_inside(folder: &Path) -> Option<String> {
    let below = [folder.to_owned(), folder.join("runs")];
    let entries = below.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let runs = entries.map(|entry| entry.path()).filter(|path| path.join(CONFIG).exists());
    runs.min().map(|run| run.display().to_string())
}

/// Describes the network in a folder, the requested one, and what to do.
fn other_origin(folder: &Path, existing: Option<&str>, requested: Option<&str>) -> String {
    let folder = folder.display();
    match (existing, requested) {
        (Some(existing), Some(requested)) => format!(
            "{folder} holds weights that were imported from {existing}, but {requested} was given; \
             choose another folder for {requested}, or import {existing} again"
        ),
        (Some(existing), None) => format!(
            "{folder} holds weights that were imported from {existing}, not a trained network; \
             choose another folder to train in"
        ),
        (None, _) => format!(
            "{folder} holds a trained network, not imported weights; choose another folder for {}",
            requested.unwrap_or("the import")
        ),
    }
}

fn existing_checkpoints(epochs: &[usize]) -> String {
    let epochs: Vec<_> = epochs.iter().map(ToString::to_string).collect();
    match &epochs[..] {
        [] => " and no other checkpoints".into(),
        [epoch] => format!(", only of epoch {epoch}"),
        _ => format!(", only of epochs {}", epochs.join(", ")),
    }
}

impl RunError {
    /// The error for a folder without `config.json`, which names a nearby run.
    pub(super) fn no_run(folder: &Path) -> Self {
        let inside = if folder.join(CONFIG).exists() { None } else { runs_inside(folder) };
        let around = folder.parent().filter(|parent| parent.join(CONFIG).exists());
        let reason = match (inside, around) {
            _ if !folder.exists() => "there is no such folder".to_owned(),
            (_, Some(run)) => format!("{CONFIG} lies in {}, which may be meant", run.display()),
            (Some(runs), _) => format!("it has runs, such as {runs}"),
            _ if !folder.is_dir() => "it is not a folder".to_owned(),
            _ => format!("it has no {CONFIG}"),
        };
        Self::NoRun { folder: folder.to_owned(), reason }
    }

    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
