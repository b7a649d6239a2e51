//! The classes whose terms are extracted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Network};

/// The classes whose terms are extracted.
///
/// The text form is `predicted`, `all` or the number of a class.
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

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predicted => f.pad("predicted"),
            Self::All => f.pad("all"),
            Self::One(class) => fmt::Display::fmt(class, f),
        }
    }
}

/// A text that does not choose classes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown classes `{0}`, expected predicted, all or the number of a class")]
pub struct ParseClassesError(String);

impl FromStr for Classes {
    type Err = ParseClassesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "predicted" => Ok(Self::Predicted),
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::One).map_err(|_| ParseClassesError(text.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_read_back() {
        for classes in [Classes::Predicted, Classes::All, Classes::One(0), Classes::One(17)] {
            assert_eq!(classes.to_string().parse(), Ok(classes));
        }
        let error = "-1".parse::<Classes>().unwrap_err();
        assert!(error.to_string().starts_with("unknown classes `-1`"), "{error}");
    }
}
