//! The class `Path`.

use numpy::PyArray1;
use pyo3::prelude::*;
use tropex_extract::Network;
use tropex_geometry::{ClassChange, Error, Facet, Paths};

use crate::arrays::integers;
use crate::work::{Watch, detached};

/// The straight way from one point to another, and the linear regions on it.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Path {
    crossings: Vec<f64>,
    regions: Vec<String>,
    /// The facets, each with the number of its crossing.
    facets: Vec<(usize, Facet)>,
    class_change: Option<ClassChange>,
}

impl Path {
    /// The path between two points, computed in f64.
    ///
    /// # Errors
    /// Values outside the range of f64; a device without f64.
    pub(crate) fn new(
        py: Python<'_>,
        network: &Network,
        from: &[f64],
        to: &[f64],
    ) -> PyResult<Self> {
        detached(py, |watch| Self::find(network, from, to, watch))
    }

    fn find(network: &Network, from: &[f64], to: &[f64], watch: &Watch) -> Result<Self, Error> {
        let paths = Paths::new(network)?;
        let direction: Vec<f64> = to.iter().zip(from).map(|(to, from)| to - from).collect();
        let class_change = paths.class_changes(from, &direction, 1.0)?.swap_remove(0);
        let (mut crossings, mut regions, mut facets) = (Vec::new(), Vec::new(), Vec::new());
        paths.visit(from, &direction, 1.0, |_, segment| {
            if regions.is_empty() || !segment.facets.is_empty() {
                if !regions.is_empty() {
                    facets.extend(segment.facets.iter().map(|&facet| (crossings.len(), facet)));
                    crossings.push(segment.from);
                }
                regions.push(segment.pattern().id().to_string());
            }
            watch.look()
        })?;
        Ok(Self { crossings, regions, facets, class_change })
    }
}

#[pymethods]
impl Path {
    /// ndarray of shape (k,): Positions at which the path enters another region, from 0 to 1.
    #[getter]
    fn crossings(&self, py: Python<'_>) -> Py<PyArray1<f64>> {
        PyArray1::from_slice(py, &self.crossings).unbind()
    }

    /// list of str: Identifiers of the k + 1 regions on the path, in order.
    #[getter]
    fn regions(&self) -> Vec<String> {
        self.regions.clone()
    }

    /// dict of str to ndarray, int64: The units that change on the path: columns ``crossing`` (an
    /// index into `crossings`), ``node`` (as ``print(net)`` numbers them), ``unit`` and ``piece``
    /// (the new piece of the unit).
    #[getter]
    fn changes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
        let columns = pyo3::types::PyDict::new(py);
        let column = |of: fn(&(usize, Facet)) -> usize| integers(py, self.facets.iter().map(of));
        columns.set_item("crossing", column(|(crossing, _)| *crossing))?;
        columns.set_item("node", column(|(_, facet)| facet.node + 1))?;
        columns.set_item("unit", column(|(_, facet)| facet.unit))?;
        columns.set_item("piece", column(|(_, facet)| facet.rival as usize))?;
        Ok(columns)
    }

    /// tuple of (float, int, int) or None: Position of the first change of the predicted class, and
    /// the classes before and after; None if the class stays.
    #[getter]
    fn class_change(&self) -> Option<(f64, usize, usize)> {
        self.class_change.map(|change| (change.at, change.from, change.to))
    }

    /// Number of regions on the path; one that it enters again counts again.
    fn __len__(&self) -> usize {
        self.regions.len()
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Path: {} regions>", self.regions.len())
    }
}
