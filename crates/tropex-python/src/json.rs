//! Settings and findings as dicts and lists.

use pyo3::prelude::*;
use serde::Serialize;

use crate::errors::error;

/// What `json.loads` makes of a value.
///
/// # Errors
/// A value that is no JSON.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    value: &impl Serialize,
) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(value).map_err(|cause| error(&cause))?;
    py.import("json")?.call_method1("loads", (text,))
}
