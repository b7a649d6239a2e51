//! The class `TermStore`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::function::ExtractedFunction;
use crate::json::to_python;
use crate::network::Network;

/// Terms of points in a folder: the result of :meth:`Network.extract`.
///
/// The folder holds safetensors files, which other programs can read, and ``manifest.json``.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct TermStore {
    terms: Arc<tropex_extract::TermStore>,
    network: Option<Py<Network>>,
}

impl TermStore {
    pub(crate) fn new(terms: tropex_extract::TermStore, network: Option<Py<Network>>) -> Self {
        Self { terms: Arc::new(terms), network }
    }

    /// The terms on the disk.
    pub(crate) fn terms(&self) -> &tropex_extract::TermStore {
        &self.terms
    }
}

#[pymethods]
impl TermStore {
    /// pathlib.Path: The folder.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.terms.folder().to_owned()
    }

    /// str: Gauge of the terms: ``"worst-case"``, ``"tight"`` or ``"calibrated"``.
    #[getter]
    fn gauge(&self) -> &'static str {
        self.terms.manifest().terms.gauge.name()
    }

    /// str: Format of the numbers: ``"f32"`` or ``"f64"``.
    #[getter]
    fn precision(&self) -> &'static str {
        self.terms.manifest().terms.precision.name()
    }

    /// str: The extracted classes: ``"predicted"``, ``"all"``, or the number of a class.
    #[getter]
    fn classes(&self) -> String {
        self.terms.manifest().terms.classes.to_string()
    }

    /// tuple of int: Shape of one point.
    #[getter]
    fn input_shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.terms.manifest().terms.input_shape)
    }

    /// dict: The manifest: settings, files and checksums.
    #[getter]
    fn manifest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.terms.manifest())
    }

    /// dict: What the extraction checked about its own result, such as the largest difference
    /// between a term at its point and the logit of the network.
    #[getter]
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.terms.manifest().check)
    }

    /// The function that consists of these terms alone.
    ///
    /// Returns
    /// -------
    /// ExtractedFunction
    fn function(&self, py: Python<'_>) -> ExtractedFunction {
        let network = self.network.as_ref().map(|network| network.clone_ref(py));
        ExtractedFunction::new(self.terms.clone(), network)
    }

    fn __len__(&self) -> usize {
        self.terms.len()
    }

    fn __repr__(&self) -> String {
        let (folder, terms) = (self.terms.folder().display(), &self.terms.manifest().terms);
        format!("<tropex.TermStore: {} points, {} gauge, in {folder}>", terms.points, terms.gauge)
    }
}
