//! The cancellation of work by its progress callback.

use std::ops::ControlFlow;

use thiserror::Error;

/// The progress callback cancelled the work.
///
/// Long work takes a callback `&dyn Fn(..) -> ControlFlow<()>`, which receives the progress on the
/// thread of the caller. Work whose callback returns `Break` ends with this error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Cancelled {
    /// Checks the answer of a progress callback.
    ///
    /// # Errors
    /// [`Cancelled`] on `Break`.
    pub fn check(answer: ControlFlow<()>) -> Result<(), Self> {
        match answer {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Self),
        }
    }
}
