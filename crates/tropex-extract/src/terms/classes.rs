//! The classes whose terms are extracted.

use serde::{Deserialize, Serialize};

use crate::{Error, Network};

/// The classes whose terms are extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classes {
    /// The class that the network predicts at each point.
    Predicted,
    /// All classes of the network.
    All,
    /// One class, at every point.
    One(usize),
}

impl Classes {
    /// Checks that the network has these classes.
    pub(crate) fn check(self, network: &Network) -> Result<(), Error> {
        match self {
            Self::One(class) if class >= network.classes() => {
                Err(Error::shape("class", class, format!("below {}", network.classes())))
            }
            _ => Ok(()),
        }
    }

    /// The class of a group of rows at a point with the given predicted class.
    pub(crate) fn of(self, group: usize, predicted: usize) -> usize {
        match self {
            Self::All => group,
            Self::Predicted => predicted,
            Self::One(class) => class,
        }
    }

    /// Number of linear terms per point, for a network with `classes` classes.
    pub fn per_point(self, classes: usize) -> usize {
        match self {
            Self::All => classes,
            Self::Predicted | Self::One(_) => 1,
        }
    }
}
