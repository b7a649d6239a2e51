//! The classes whose terms are extracted.

use serde::{Deserialize, Serialize};

use crate::{Error, Network};

/// The classes whose terms are extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classes {
    /// At every point the class that the network predicts.
    Predicted,
    /// All of them.
    All,
    /// The same class at every point.
    One(usize),
}

impl Classes {
    /// Whether a network has them.
    pub(crate) fn check(self, network: &Network) -> Result<(), Error> {
        match self {
            Self::One(class) if class >= network.classes() => {
                Err(Error::shape("class", class, format!("below {}", network.classes())))
            }
            _ => Ok(()),
        }
    }

    /// The class that a group of rows stands for at a point of a predicted class.
    pub(crate) fn of(self, group: usize, predicted: usize) -> usize {
        match self {
            Self::All => group,
            Self::Predicted => predicted,
            Self::One(class) => class,
        }
    }

    /// Linear terms per point.
    pub fn per_point(self, classes: usize) -> usize {
        match self {
            Self::All => classes,
            Self::Predicted | Self::One(_) => 1,
        }
    }
}
