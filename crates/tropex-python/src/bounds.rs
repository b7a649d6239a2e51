//! The class `Bounds`.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use tropex_bounds::{BoundSettings, BoundTable, ExactCount, Structure, TightestBound, evaluate};
use tropex_extract::Network;

use crate::errors::{error, input_error};
use crate::work::detached;

/// Published bounds on the number of linear regions. ``pandas.DataFrame(bounds.to_dict())`` is a
/// table of them.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Bounds(BoundTable);

impl Bounds {
    /// All bounds that apply to a network, each with a limit in seconds.
    ///
    /// # Errors
    /// A network whose structure no formula covers; a limit that is no time.
    pub(crate) fn new(py: Python<'_>, network: &Network, seconds: f64) -> PyResult<Self> {
        let limit = Duration::try_from_secs_f64(seconds).map_err(|_| {
            input_error(format!("time_limit is {seconds}, expected seconds from 0"))
        })?;
        detached(py, |watch| {
            let structure = Structure::trained(network).map_err(|cause| error(&cause))?;
            let table = watch.attend(|step| {
                let progress = |_: &_, _, _| step();
                let settings = BoundSettings::default().with_time_limit(limit);
                evaluate(&structure, &settings.with_progress(&progress))
            });
            Ok::<_, PyErr>(Self(table))
        })
    }
}

#[pymethods]
impl Bounds {
    /// tuple of (str, int) or None: Name and number of the smallest upper bound.
    #[getter]
    fn upper<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, Bound<'py, PyAny>)>> {
        best(py, self.0.best_upper())
    }

    /// tuple of (str, int) or None: Name and number of the largest lower bound.
    #[getter]
    fn lower<'py>(&self, py: Python<'py>) -> PyResult<Option<(&'static str, Bound<'py, PyAny>)>> {
        best(py, self.0.best_lower())
    }

    /// All bounds as a table.
    ///
    /// Returns
    /// -------
    /// dict of str to list
    ///     Columns ``name``, ``kind`` (``"exact"``, ``"lower"``, ``"upper"``, ``"trained-upper"``,
    ///     ``"order"``), ``count`` (an int of any size, or None), ``reason`` (why there is no
    ///     number), ``formula``, ``condition``, ``source``.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let entries = self.0.entries();
        let text = |of: fn(&tropex_bounds::Bound) -> &'static str| {
            entries.iter().map(|entry| of(entry.bound())).collect::<Vec<_>>()
        };
        let counts = entries
            .iter()
            .map(|entry| entry.outcome().ok().map(|value| integer(py, &value.count)).transpose());
        let reasons = entries.iter().map(|entry| entry.outcome().err().map(ToString::to_string));
        let columns = PyDict::new(py);
        columns.set_item("name", text(|bound| bound.name))?;
        columns.set_item("kind", text(|bound| bound.kind.name()))?;
        columns.set_item("count", counts.collect::<PyResult<Vec<_>>>()?)?;
        columns.set_item("reason", reasons.collect::<Vec<_>>())?;
        columns.set_item("formula", text(|bound| bound.formula))?;
        columns.set_item("condition", text(|bound| bound.condition))?;
        columns.set_item("source", text(|bound| bound.source))?;
        Ok(columns)
    }

    fn __repr__(&self) -> String {
        let text = |best: Option<TightestBound<'_>>| {
            best.map_or("unknown".into(), |best| best.count().scientific())
        };
        let (lower, upper) = (text(self.0.best_lower()), text(self.0.best_upper()));
        format!("<tropex.Bounds: at least {lower}, at most {upper} linear regions>")
    }
}

fn best<'py>(
    py: Python<'py>,
    bound: Option<TightestBound<'_>>,
) -> PyResult<Option<(&'static str, Bound<'py, PyAny>)>> {
    bound.map(|bound| Ok((bound.bound().name, integer(py, bound.count())?))).transpose()
}

/// An integer of any size. Its decimal digits would take quadratic time, and Python refuses many.
fn integer<'py>(py: Python<'py>, count: &ExactCount) -> PyResult<Bound<'py, PyAny>> {
    let bytes = PyBytes::new(py, &count.number().to_bytes_le());
    py.get_type::<pyo3::types::PyInt>().call_method1("from_bytes", (bytes, "little"))
}
