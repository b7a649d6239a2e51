//! The errors of the crate; every message is one line.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;
use tropex_kernels::{DeviceError, Precision};

use crate::unsupported::UnsupportedOperation;

/// An error in capturing, extracting, storing or reading terms.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The module contains operations that are not piecewise linear or not supported.
    #[error("cannot capture the module: {}", list(.0))]
    Unsupported(Vec<UnsupportedOperation>),
    /// The module cannot be captured, for a reason that is not a single operation.
    #[error("cannot capture the module: {0}")]
    Capture(String),
    /// The outputs of the captured network differ from the outputs of the module.
    #[error(
        "the captured network differs from the module's forward pass by {difference:.1e} on random \
         points, and rounding explains only {allowed:.1e}: the forward pass depends on the number \
         of points or on chance; if it does not, please report the module"
    )]
    SelfCheck {
        /// Largest difference between two outputs.
        difference: f64,
        /// Largest difference that rounding explains.
        allowed: f64,
    },
    /// The device does not support the request.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A number is outside the range of the floating-point format.
    #[error("{what} overflows {precision}: choose a higher precision")]
    Overflow {
        /// The number that overflowed.
        what: String,
        /// The floating-point format.
        precision: Precision,
    },
    /// The shape of the points or terms does not fit the network.
    #[error("{what}: found {found}, expected {expected}")]
    Shape {
        /// The object that was checked.
        what: String,
        /// Its shape.
        found: String,
        /// The shape that the network requires.
        expected: String,
    },
    /// A file of a term store is damaged, out of date or of another format version.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// The defect, and how to repair it.
        reason: String,
    },
    /// The folder contains the terms of another extraction.
    #[error("{} holds terms of another extraction ({difference}); delete the folder", path.display())]
    OtherTerms {
        /// The manifest in the folder.
        path: PathBuf,
        /// The first difference between the two extractions.
        difference: String,
    },
    /// Another process holds the lock of the folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action that failed: `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
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

    /// An [`Error::Shape`].
    pub fn shape(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Self {
        Self::Shape { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }
}

fn list(operations: &[UnsupportedOperation]) -> String {
    let lines: Vec<_> = operations.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
