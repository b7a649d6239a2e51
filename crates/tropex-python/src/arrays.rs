//! Results as numpy arrays.

use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;

/// A copy of numbers as an array of a shape.
///
/// # Errors
/// Another number of numbers.
pub(crate) fn array<'py, T: Element>(
    py: Python<'py>,
    numbers: &[T],
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    PyArray1::from_slice(py, numbers).reshape(shape)
}

/// Numbers as an array of a shape, without a copy.
///
/// # Errors
/// Another number of numbers.
pub(crate) fn shaped<T: Element>(
    py: Python<'_>,
    numbers: Vec<T>,
    shape: &[usize],
) -> PyResult<Py<PyArrayDyn<T>>> {
    Ok(PyArray1::from_vec(py, numbers).reshape(shape)?.unbind())
}

/// Whole numbers as an array.
pub(crate) fn integers(py: Python<'_>, numbers: impl Iterator<Item = usize>) -> Py<PyArray1<i64>> {
    PyArray1::from_vec(py, numbers.map(|number| number as i64).collect()).unbind()
}
