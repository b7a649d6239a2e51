//! The epochs whose weights are saved, and their files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The epochs after which weights are saved; epoch 0 stands for the starting weights.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checkpoints {
    /// The final weights only.
    #[default]
    Last,
    /// The starting weights and the weights after every epoch.
    All,
    /// The weights after the listed epochs.
    List(Vec<usize>),
}

impl Checkpoints {
    /// Whether the weights after `epoch` are saved.
    pub fn contains(&self, epoch: usize) -> bool {
        match self {
            Self::Last => false,
            Self::All => true,
            Self::List(epochs) => epochs.contains(&epoch),
        }
    }

    pub(crate) fn last_listed(&self) -> Option<usize> {
        match self {
            Self::List(epochs) => epochs.iter().copied().max(),
            Self::Last | Self::All => None,
        }
    }
}

/// `last`, `all`, or the epochs with commas between them.
impl fmt::Display for Checkpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::All => f.write_str("all"),
            Self::List(epochs) => {
                let epochs: Vec<_> = epochs.iter().map(usize::to_string).collect();
                f.write_str(&epochs.join(","))
            }
        }
    }
}

/// A text that does not name checkpoints.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected last, all, or epochs such as 0,1,5")]
pub struct ParseCheckpointsError;

/// Reads `last`, `all`, or a list of epochs such as `0,1,5,20`.
impl FromStr for Checkpoints {
    type Err = ParseCheckpointsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "last" => Ok(Self::Last),
            "all" => Ok(Self::All),
            list => {
                let epochs: Result<Vec<usize>, _> = list.split(',').map(str::parse).collect();
                epochs.map(Self::List).map_err(|_| ParseCheckpointsError)
            }
        }
    }
}

/// Folder of the checkpoints in the folder of a run.
pub(crate) fn folder(run: &Path) -> PathBuf {
    run.join("checkpoints")
}

/// File of the weights after `epoch`.
pub(crate) fn path(run: &Path, epoch: usize) -> PathBuf {
    folder(run).join(format!("epoch-{epoch:04}.safetensors"))
}

/// The epoch in the file name of a checkpoint.
pub(crate) fn epoch_of(file_name: &str) -> Option<usize> {
    file_name.strip_prefix("epoch-")?.strip_suffix(".safetensors")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_parsed_and_printed() {
        assert_eq!("last".parse(), Ok(Checkpoints::Last));
        assert_eq!("all".parse(), Ok(Checkpoints::All));
        assert_eq!("0,5".parse(), Ok(Checkpoints::List(vec![0, 5])));
        for text in ["last", "all", "0,5"] {
            assert_eq!(text.parse::<Checkpoints>().unwrap().to_string(), text);
        }
        assert_eq!("0,five".parse::<Checkpoints>(), Err(ParseCheckpointsError));
    }

    #[test]
    fn a_file_name_gives_its_epoch_back() {
        let path = path(Path::new("run"), 12);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(name, "epoch-0012.safetensors");
        assert_eq!(epoch_of(name), Some(12));
        assert_eq!(epoch_of(".epoch-0012.safetensors.1.tmp"), None);
    }
}
