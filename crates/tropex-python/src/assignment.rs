//! The class `Assignment`.

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tropex_extract::function::{RankedTerm, Ranking};

/// The winning terms at points. ``pandas.DataFrame(assignment.to_dict())`` is a table of them.
#[pyclass(module = "tropex", frozen, get_all)]
pub(crate) struct Assignment {
    /// ndarray of shape (n,), int64: Class of the extracted function.
    pub(crate) classes: Py<PyArray1<i64>>,
    /// ndarray of shape (n,): Value of the extracted function for its class.
    value: Py<PyArray1<f64>>,
    /// ndarray of shape (n,), int64: Position in the store of the winning negative term.
    negative: Py<PyArray1<i64>>,
    /// ndarray of shape (n, top), int64: Positions in the store of the largest positive terms,
    /// largest first.
    best: Py<PyArray2<i64>>,
    /// ndarray of shape (n, top), int64: Classes of the largest positive terms.
    best_classes: Py<PyArray2<i64>>,
    /// ndarray of shape (n, top): Values of the largest positive terms minus that of the winning
    /// negative term.
    best_values: Py<PyArray2<f64>>,
    /// ndarray of shape (n, top): By how much the largest positive term exceeds each of them.
    gaps: Py<PyArray2<f64>>,
}

impl Assignment {
    /// The rankings of consecutive points, with `top` terms per point.
    pub(crate) fn new(py: Python<'_>, rankings: &[Ranking], top: usize) -> PyResult<Self> {
        let winners = || rankings.iter().flat_map(|ranking| &ranking.assignments);
        let best = || rankings.iter().flat_map(|ranking| ranking.best.iter().flatten());
        let integers =
            |of: fn(&RankedTerm) -> usize| table(py, best().map(|term| of(term) as i64), top);
        let numbers = |of: fn(&RankedTerm) -> f64| table(py, best().map(of), top);
        Ok(Self {
            classes: PyArray1::from_iter(py, winners().map(|winner| winner.class as i64)).unbind(),
            value: PyArray1::from_iter(py, winners().map(|winner| winner.value)).unbind(),
            negative: PyArray1::from_iter(py, winners().map(|winner| winner.negative as i64))
                .unbind(),
            best: integers(|term| term.position)?,
            best_classes: integers(|term| term.class)?,
            best_values: numbers(|term| term.value)?,
            gaps: numbers(|term| term.gap)?,
        })
    }
}

/// Numbers as a table with rows of a width.
fn table<T: numpy::Element>(
    py: Python<'_>,
    numbers: impl Iterator<Item = T>,
    width: usize,
) -> PyResult<Py<PyArray2<T>>> {
    let numbers: Vec<T> = numbers.collect();
    let rows = numbers.len() / width;
    Ok(PyArray1::from_vec(py, numbers).reshape([rows, width])?.unbind())
}

/// Makes an assignment from its arrays, in the order of its attributes.
#[pyfunction]
#[pyo3(signature = (*arrays))]
pub(crate) fn _assignment(arrays: AssignmentArrays) -> Assignment {
    let (classes, value, negative, best, best_classes, best_values, gaps) = arrays;
    Assignment { classes, value, negative, best, best_classes, best_values, gaps }
}

/// The attributes of an assignment, in their order.
type AssignmentArrays = (
    Py<PyArray1<i64>>,
    Py<PyArray1<f64>>,
    Py<PyArray1<i64>>,
    Py<PyArray2<i64>>,
    Py<PyArray2<i64>>,
    Py<PyArray2<f64>>,
    Py<PyArray2<f64>>,
);

#[pymethods]
impl Assignment {
    fn __reduce__(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, AssignmentArrays)> {
        let maker = py.import("tropex._tropex")?.getattr("_assignment")?.unbind();
        let arrays = (
            self.classes.clone_ref(py),
            self.value.clone_ref(py),
            self.negative.clone_ref(py),
            self.best.clone_ref(py),
            self.best_classes.clone_ref(py),
            self.best_values.clone_ref(py),
            self.gaps.clone_ref(py),
        );
        Ok((maker, arrays))
    }

    /// The largest terms as a table: one row per point and term.
    ///
    /// Returns
    /// -------
    /// dict of str to ndarray of shape (n * top,)
    ///     Columns ``point``, ``rank`` (from 0), ``position``, ``class``, ``value``, ``gap``.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let best = self.best.bind(py).as_any();
        let indices = py.import("numpy")?.call_method1("indices", (best.getattr("shape")?,))?;
        let columns = PyDict::new(py);
        let add = |name: &str, column: &Bound<'py, PyAny>| {
            columns.set_item(name, column.call_method1("reshape", (-1,))?)
        };
        add("point", &indices.get_item(0)?)?;
        add("rank", &indices.get_item(1)?)?;
        add("position", best)?;
        add("class", self.best_classes.bind(py).as_any())?;
        add("value", self.best_values.bind(py).as_any())?;
        add("gap", self.gaps.bind(py).as_any())?;
        Ok(columns)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.classes.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let shape = self.best.bind(py).getattr("shape")?;
        Ok(format!("<tropex.Assignment: best terms of shape {shape}>"))
    }
}
