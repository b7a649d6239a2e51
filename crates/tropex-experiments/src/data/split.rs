//! The two splits of a dataset.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;
use tropex_train::data::{Dataset, Images};

/// One of the two splits of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The images that networks are trained on.
    Train,
    /// The images that are not used in training.
    Test,
}

impl Split {
    /// Both splits.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// Name on the command line and in folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// Name of its images in sentences.
    pub fn images(self) -> &'static str {
        match self {
            Self::Train => "training images",
            Self::Test => "test images",
        }
    }

    /// Its images in a dataset.
    pub fn of(self, dataset: &Dataset) -> &Images {
        match self {
            Self::Train => &dataset.train,
            Self::Test => &dataset.test,
        }
    }
}

impl Display for Split {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is not the name of a split.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown split `{0}`, expected train or test")]
pub struct ParseSplitError(String);

impl FromStr for Split {
    type Err = ParseSplitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|split| split.name() == text);
        found.ok_or_else(|| ParseSplitError(text.into()))
    }
}
