//! Everything that can go wrong, one line each.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;
use tropex_kernels::{DeviceError, Precision};

use crate::unsupported::Unsupported;

/// What went wrong in capturing, extracting, storing or reading terms.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The module does something that is not piecewise linear, or not supported.
    #[error("cannot capture the module: {}", list(.0))]
    Unsupported(Vec<Unsupported>),
    /// The module cannot be captured for a reason other than an operation.
    #[error("cannot capture the module: {0}")]
    Capture(String),
    /// The captured network and the module disagree.
    #[error(
        "the captured network differs from the module's own forward by {difference:.1e} on random \
         points, and rounding explains {allowed:.1e}: the forward depends on the number of points or \
         on chance; if it does not, please report the module"
    )]
    SelfCheck {
        /// Largest difference of an output.
        difference: f64,
        /// What rounding explains.
        allowed: f64,
    },
    /// A device that cannot compute what was asked.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Coefficients left the range of the floating-point format.
    #[error("{what} overflows {precision}: choose a higher precision")]
    Overflow {
        /// What overflowed.
        what: String,
        /// The format in use.
        precision: Precision,
    },
    /// Points or terms have another shape than the network.
    #[error("{what}: found {found}, expected {expected}")]
    Shape {
        /// What was looked at.
        what: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// A file of a term store is damaged, stale or of another version.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// Another process writes there.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn store(path: &Path, reason: impl Into<String>) -> Self {
        Self::Store { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Something of another shape than expected.
    pub fn shape(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Self {
        Self::Shape { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }
}

fn list(operations: &[Unsupported]) -> String {
    let lines: Vec<_> = operations.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
