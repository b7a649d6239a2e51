//! Shared by the searches in a polytope: tolerance, deadline, errors.

use std::time::Instant;

use crate::Error;

/// Points count as on a hyperplane up to this distance, in [units](super::Polytope::unit).
pub(super) const TOUCHING: f64 = 1e-9;

/// The reason why a search ends without a result.
pub(super) enum SearchError {
    /// The deadline has passed, or the caller ends the search.
    Interrupted,
    Failed(Error),
}

impl From<Error> for SearchError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The error of a linear program that does not end.
pub(super) fn stuck() -> Error {
    Error::Unsolved
}

/// Ends a search after its deadline.
pub(super) fn require_time(deadline: Option<Instant>) -> Result<(), SearchError> {
    match deadline {
        Some(end) if Instant::now() >= end => Err(SearchError::Interrupted),
        _ => Ok(()),
    }
}
