//! Errors of pickles.

/// Why a pickle cannot be read.
#[derive(Debug, PartialEq)]
pub(crate) enum PickleError {
    /// The bytes end before the pickle does.
    Cut,
    /// The bytes are not a pickle, or the pickle has more than any checkpoint.
    Invalid(String),
}

impl PickleError {
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<PickleError> for String {
    fn from(error: PickleError) -> Self {
        match error {
            PickleError::Cut => "its pickle ends too early".into(),
            PickleError::Invalid(reason) => reason,
        }
    }
}
