//! Errors of structures and bounds.

use thiserror::Error;

/// A structure that no network has, or that no formula covers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what}: found {found}, expected {expected}")]
#[non_exhaustive]
pub struct StructureError {
    /// The part of the structure.
    pub what: String,
    /// What was given.
    pub found: String,
    /// What a structure can have.
    pub expected: String,
}

impl StructureError {
    pub(crate) fn new(
        what: impl Into<String>,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        Self { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }
}

/// Why a bound gives no number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundError {
    /// The formula does not hold for the structure, for this reason.
    #[error("{0}")]
    NotApplicable(String),
    /// The computation did not finish within the time limit.
    #[error("not finished within the time limit")]
    OutOfTime,
    /// The progress callback cancelled the computation.
    #[error("cancelled")]
    Cancelled,
    /// The computation needs too much memory.
    #[error("needs more memory than is allowed")]
    TooLarge,
}

impl BoundError {
    pub(crate) fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }
}
