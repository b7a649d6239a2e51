//! What can go wrong in asking about regions.

use thiserror::Error;
use tropex_kernels::DeviceError;

/// What went wrong in a computation about regions.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A plane, a window or the points on it do not allow regions to be computed on them.
    #[error("cannot slice: {0}")]
    Slice(String),
    /// A question about a region that has no answer.
    #[error("{0}")]
    Region(String),
    /// The network or its terms: points of another shape, a device that failed, a file of terms.
    #[error(transparent)]
    Extract(#[from] tropex_extract::Error),
}

impl Error {
    pub(crate) fn slice(reason: impl Into<String>) -> Self {
        Self::Slice(reason.into())
    }

    pub(crate) fn shape(
        what: impl Into<String>,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        tropex_extract::Error::shape(what, found, expected).into()
    }
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Self {
        tropex_extract::Error::from(error).into()
    }
}
