//! Networks whose regions no formula bounds.

use thiserror::Error;

/// A structure that a network cannot have, or that no formula covers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what}: found {found}, expected {expected}")]
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
