//! Errors of the libraries as exceptions of the package.
//!
//! The exception classes are defined in Python (`tropex._errors`), where they can have docstrings,
//! attributes and two base classes.

use pyo3::prelude::*;
use tropex_onnx::{OnnxError, UnsupportedNode};

mod classes {
    #![allow(missing_docs)] // the docstrings are in Python
    pyo3::import_exception!(tropex._errors, Error);
    pyo3::import_exception!(tropex._errors, FileError);
    pyo3::import_exception!(tropex._errors, InputError);
    pyo3::import_exception!(tropex._errors, UnsupportedOperationError);
}

/// An error of a library that has an exception of the package.
pub(crate) trait ToException {
    /// The exception, with the message in one line.
    fn to_exception(self) -> PyErr;
}

/// An `InputError`.
pub(crate) fn input_error(message: impl Into<String>) -> PyErr {
    classes::InputError::new_err(message.into())
}

/// A `FileError`.
pub(crate) fn file_error(message: &impl ToString) -> PyErr {
    classes::FileError::new_err(one_line(message))
}

/// An `Error`.
pub(crate) fn error(message: &impl ToString) -> PyErr {
    classes::Error::new_err(one_line(message))
}

/// The text of an error without line breaks.
fn one_line(message: &impl ToString) -> String {
    message.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An operation that is not piecewise linear or not supported: its name, the operator, the shape of
/// its inputs, and the reason with what to do.
type Unsupported = (String, String, String, String);

fn unsupported(message: &impl ToString, operations: Vec<Unsupported>) -> PyErr {
    classes::UnsupportedOperationError::new_err((one_line(message), operations))
}

impl ToException for PyErr {
    fn to_exception(self) -> PyErr {
        self
    }
}

impl ToException for OnnxError {
    fn to_exception(self) -> PyErr {
        match &self {
            Self::Unsupported(nodes) => {
                let listed = nodes.iter().cloned().map(|node| {
                    let UnsupportedNode { node, operator, shapes, reason, .. } = node;
                    (node, operator, shapes.trim().to_owned(), reason)
                });
                unsupported(&self, listed.collect())
            }
            Self::Read { .. } | Self::Damaged { .. } => file_error(&self),
            _ => input_error(one_line(&self)),
        }
    }
}

impl ToException for tropex_extract::Error {
    fn to_exception(self) -> PyErr {
        match &self {
            Self::Unsupported(operations) => {
                let listed = operations.iter().map(|found| {
                    let place = found.place.clone();
                    (
                        place,
                        found.operation.clone(),
                        found.input_shape.clone(),
                        found.reason.clone(),
                    )
                });
                unsupported(&self, listed.collect())
            }
            Self::Shape { .. } => input_error(one_line(&self)),
            Self::OtherTerms { .. } => classes::FileError::new_err(format!(
                "{}, or extract with replace=True",
                one_line(&self)
            )),
            Self::Store { .. } | Self::Locked(_) | Self::Io { .. } => file_error(&self),
            _ => error(&self),
        }
    }
}

impl ToException for tropex_geometry::Error {
    fn to_exception(self) -> PyErr {
        match self {
            Self::Extract(inner) => inner.to_exception(),
            Self::Cancelled => error(&self),
            _ => input_error(one_line(&self)),
        }
    }
}

impl ToException for tropex_experiments::Error {
    fn to_exception(self) -> PyErr {
        match self {
            Self::Extract(inner) => inner.to_exception(),
            Self::Geometry(inner) => inner.to_exception(),
            Self::Onnx(inner) => inner.to_exception(),
            Self::UnknownExperiment { .. } | Self::Parameters { .. } => {
                input_error(one_line(&self))
            }
            Self::Run(_)
            | Self::Data(_)
            | Self::NoTerms { .. }
            | Self::StaleTerms { .. }
            | Self::Locked(_)
            | Self::Finding { .. }
            | Self::Io { .. } => file_error(&self),
            _ => error(&self),
        }
    }
}

impl ToException for tropex_train::run::RunError {
    fn to_exception(self) -> PyErr {
        file_error(&self)
    }
}
