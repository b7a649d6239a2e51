//! Errors of computations about regions.

use thiserror::Error;
use tropex_kernels::{Cancelled, DeviceError};

/// An error of a computation about regions.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The plane or the window is degenerate, or the values on it cannot be computed.
    #[error("cannot slice: {0}")]
    Slice(String),
    /// The region lacks the requested property.
    #[error("{0}")]
    Region(String),
    /// The progress callback cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// An error of the network or of its terms: a wrong shape, a failed device, a damaged file.
    #[error(transparent)]
    Extract(tropex_extract::Error),
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

impl From<tropex_extract::Error> for Error {
    fn from(error: tropex_extract::Error) -> Self {
        match error {
            tropex_extract::Error::Cancelled => Self::Cancelled,
            error => Self::Extract(error),
        }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<DeviceError> for Error {
    fn from(error: DeviceError) -> Self {
        tropex_extract::Error::from(error).into()
    }
}
