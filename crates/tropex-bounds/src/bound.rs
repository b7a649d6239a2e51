//! A published bound, and the number that it gives.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigUint;
use thiserror::Error;

use crate::deadline::Deadline;
use crate::{BoundError, ExactCount, Structure};

/// The relation of a number to the maximal number of linear regions over all weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundKind {
    /// The maximal number.
    Exact,
    /// Some weights have at least this number of regions.
    Lower,
    /// No weights have more regions.
    Upper,
    /// The trained weights have no more regions. Other weights may have more.
    TrainedUpper,
    /// An order of growth, neither a lower nor an upper bound.
    Order,
}

impl BoundKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Exact, Self::Lower, Self::Upper, Self::TrainedUpper, Self::Order];

    /// Name in listings, in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::TrainedUpper => "trained-upper",
            Self::Order => "order",
        }
    }
}

impl fmt::Display for BoundKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is not the name of a kind of bound.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown kind of bound `{0}`, expected one of {names}",
    names = BoundKind::ALL.map(BoundKind::name).join(", ")
)]
pub struct ParseBoundKindError(String);

impl FromStr for BoundKind {
    type Err = ParseBoundKindError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| ParseBoundKindError(name.into()))
    }
}

/// A published formula for the number of linear regions.
#[derive(Debug)]
pub struct Bound {
    /// Short name, unique together with the kind.
    pub name: &'static str,
    /// The kind of the number.
    pub kind: BoundKind,
    /// The formula.
    pub formula: &'static str,
    /// The structures that the formula holds for.
    pub condition: &'static str,
    /// Authors, title, year, theorem.
    pub source: &'static str,
    pub(crate) evaluate: fn(&Structure, &Deadline<'_>) -> Result<BoundValue, BoundError>,
}

/// The number that a bound gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BoundValue {
    /// The number.
    pub count: ExactCount,
    /// The number of inputs that the formula uses. The other inputs are ignored. For images: the
    /// number of channels.
    pub inputs: Option<usize>,
    /// The ranks of the weights that the formula uses, layer by layer.
    pub ranks: Option<Vec<usize>>,
}

impl From<BigUint> for BoundValue {
    fn from(number: BigUint) -> Self {
        Self { count: number.into(), inputs: None, ranks: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in BoundKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = "lowest".parse::<BoundKind>().unwrap_err().to_string();
        assert!(error.contains("exact, lower, upper"), "{error}");
    }
}
