//! Errors of computations about regions.

use thiserror::Error;
use tropex_kernels::{Cancelled, DeviceError};

/// An error of a computation about regions.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The three points of a plane lie on one line, or are not finite.
    #[error("cannot slice: the three points of the plane lie on one line; choose others")]
    PointsOnLine,
    /// The corners of a window are too few, too many or not finite.
    #[error("cannot slice: a window has 3 to {most} corners with finite coordinates")]
    WindowCorners {
        /// The largest number of corners.
        most: usize,
    },
    /// The window is empty or not convex.
    #[error(
        "cannot slice: the window is empty, or not a convex polygon with corners counter-clockwise"
    )]
    WindowShape,
    /// The window has more polygons than the limit.
    #[error(
        "cannot slice: the window has more than {limit} polygons; choose a smaller window, or a \
         higher limit"
    )]
    TooManyPolygons {
        /// The limit.
        limit: usize,
    },
    /// Values in the window are not finite.
    #[error("cannot slice: values are not finite; choose a smaller window")]
    NotFinite,
    /// The region is too thin to tell its facets.
    #[error(
        "the region has no interior, or is too thin to tell its facets: the point is on several \
         boundaries at once, up to rounding"
    )]
    NoInterior,
    /// A linear program about a region does not end.
    #[error("a linear program about the region does not end: its sides are too alike")]
    Unsolved,
    /// The progress callback cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// An error of the network or of its terms: a wrong shape, a failed device, a damaged file.
    #[error(transparent)]
    Extract(tropex_extract::Error),
}

impl Error {
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
