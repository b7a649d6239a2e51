//! The class `ExtractedFunction`.

use std::sync::Arc;

use burn::tensor::Device;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tropex_experiments::pipeline;
use tropex_extract::points::SlicePoints;
use tropex_extract::{Error, TermStore};

use crate::assignment::Assignment;
use crate::errors::ToException;
use crate::network::Network;
use crate::points::{Points, whole_numbers};
use crate::progress::{Display, Reporter};
use crate::slice::Slice;
use crate::slice_place::{SlicePlace, SliceSettings};
use crate::work::detached;

/// The function that consists of the terms of a store alone.
///
/// Per class it is a maximum of positive terms minus a maximum of negative terms. Winning terms are
/// those of exact arithmetic on the stored numbers; of equal terms the one that was extracted first
/// wins.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct ExtractedFunction {
    terms: Arc<TermStore>,
    network: Option<Py<Network>>,
}

impl ExtractedFunction {
    pub(crate) fn new(terms: Arc<TermStore>, network: Option<Py<Network>>) -> Self {
        Self { terms, network }
    }

    fn input_shape(&self) -> &[usize] {
        &self.terms.manifest().terms.input_shape
    }

    /// Assigns points to their winning terms.
    fn search(
        &self,
        x: &Bound<'_, PyAny>,
        top: usize,
        without: Option<Vec<usize>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Assignment> {
        let py = x.py();
        let points = Points::batch(x, "x", self.input_shape())?;
        let labels = vec![0; points.count(self.input_shape())];
        let values = points.to_f32("x")?;
        let source = SlicePoints::new(&values, self.terms.manifest().terms.features(), &labels);
        let source = source.map_err(ToException::to_exception)?;
        let display = Display::of(py, progress, false)?;
        let pairs = labels.len() * self.terms.len();
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let report = |done: usize| reporter.report("assigning", done as f64 / pairs as f64);
            let function = tropex_extract::ExtractedFunction::new(&self.terms, &Device::default())?;
            let mut rankings = Vec::new();
            let mut take = |ranking| rankings.push(ranking);
            match &without {
                None => function.stream(&source, top, &report, &mut take)?,
                Some(own) => function.stream_without(&source, own, top, &report, &mut take)?,
            }
            Ok::<_, Error>(rankings)
        });
        display.close(py)?;
        Assignment::new(py, &outcome?, top.min(self.terms.len()))
    }
}

#[pymethods]
impl ExtractedFunction {
    /// The winning terms at points.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape)
    ///     Points as ``float32`` or ``float64``; the latter are rounded to ``float32``.
    /// top : int, default 1
    ///     Number of largest positive terms at each point.
    /// without : array_like of shape (n,), optional
    ///     For each point a position in the store whose terms are left out. At an extracted point
    ///     without its own terms the function has to generalize.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// Assignment
    #[pyo3(signature = (x, top = 1, *, without = None, progress = None))]
    #[pyo3(text_signature = "($self, x, top=1, *, without=None, progress=False)")]
    fn assign(
        &self,
        x: &Bound<'_, PyAny>,
        top: usize,
        without: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Assignment> {
        let count = x.len()?;
        let without = without.map(|own| whole_numbers(own, count, "without")).transpose()?;
        self.search(x, top, without, progress)
    }

    /// The class of the function at points.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape)
    ///     Points, as for :meth:`assign`.
    ///
    /// Returns
    /// -------
    /// ndarray of shape (n,), int64
    #[pyo3(signature = (x, *, progress = None), text_signature = "($self, x, *, progress=False)")]
    fn classify(
        &self,
        x: &Bound<'_, PyAny>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyArray1<i64>>> {
        Ok(self.search(x, 1, None, progress)?.classes)
    }

    /// Compares the function with labels and with the network.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape)
    ///     Points, as for :meth:`assign`.
    /// y : array_like of shape (n,)
    ///     True classes.
    /// network : Network, optional
    ///     The network that the terms belong to. The store of :meth:`Network.extract` knows it.
    ///
    /// Returns
    /// -------
    /// dict
    ///     ``points``: number of points; ``accuracy``: share of points with the true class;
    ///     ``straight``: share of points whose positive and negative winning terms belong to one
    ///     point. With a network also ``agreement``: share of points with the class of the network;
    ///     ``network_accuracy``: share of points with the true class by the network.
    #[pyo3(signature = (x, y, *, network = None, progress = None))]
    #[pyo3(text_signature = "($self, x, y, *, network=None, progress=False)")]
    fn evaluate<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        network: Option<&Bound<'py, Network>>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let py = x.py();
        let points = Points::batch(x, "x", self.input_shape())?;
        let labels = whole_numbers(y, points.count(self.input_shape()), "y")?;
        let values = points.to_f32("x")?;
        let terms = &self.terms.manifest().terms;
        let source = SlicePoints::new(&values, terms.features(), &labels);
        let source = source.map_err(ToException::to_exception)?;
        let network = network.or(self.network.as_ref().map(|network| network.bind(py)));
        let network = network.map(|network| network.get().in_precision(terms.precision));
        let network = network.transpose().map_err(ToException::to_exception)?;
        let display = Display::of(py, progress, false)?;
        let pairs = labels.len() * self.terms.len();
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let report = |done: usize| reporter.report("comparing", done as f64 / pairs as f64);
            let predicted = match network {
                Some(network) => pipeline::predict(network, &source)?,
                None => vec![usize::MAX; labels.len()],
            };
            let function = tropex_extract::ExtractedFunction::new(&self.terms, &Device::default())?;
            let evaluation = function.evaluate(&source, &predicted, &report)?;
            Ok::<_, tropex_experiments::Error>(evaluation)
        });
        display.close(py)?;
        let found = outcome?;
        let result = PyDict::new(py);
        result.set_item("points", found.points)?;
        result.set_item("accuracy", found.accuracy())?;
        result.set_item("straight", found.straight as f64 / found.points as f64)?;
        if network.is_some() {
            result.set_item("agreement", found.agreement())?;
            result.set_item("network_accuracy", found.network_accuracy())?;
        }
        Ok(result)
    }

    /// All linear regions of the function on the plane through three points: a region for each pair
    /// of winning terms.
    ///
    /// Parameters
    /// ----------
    /// a, b, c : array_like of shape (*input_shape)
    ///     Three points that are not on one line.
    /// margin : float, default 0.25
    ///     Space around the three points, as for :meth:`Network.slice`.
    /// window : array_like of shape (2, 2) or (corners, 2), optional
    ///     Plane coordinates of the window instead. ``window=net.slice(a, b, c).window`` shows the
    ///     regions before and after extraction in one window.
    /// max_regions : int, default 100000
    ///     Largest number of regions.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// Slice
    ///
    /// Raises
    /// ------
    /// InputError
    ///     If the points are on one line, or the window has too many regions.
    #[pyo3(signature = (
        a, b, c, *, margin = None, window = None, max_regions = 100_000, progress = None
    ))]
    #[pyo3(text_signature = "($self, a, b, c, *, margin=0.25, window=None, max_regions=100000, \
        progress=False)")]
    #[expect(clippy::too_many_arguments)] // those of Python have names
    fn slice(
        &self,
        a: &Bound<'_, PyAny>,
        b: &Bound<'_, PyAny>,
        c: &Bound<'_, PyAny>,
        margin: Option<f64>,
        window: Option<&Bound<'_, PyAny>>,
        max_regions: usize,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Slice> {
        let settings = SliceSettings { margin, window, max_regions };
        let place = SlicePlace::read([a, b, c], self.input_shape(), &settings)?;
        Slice::of_terms(a.py(), &self.terms, place, progress)
    }

    fn __repr__(&self) -> String {
        format!("<tropex.ExtractedFunction: terms of {} points>", self.terms.len())
    }
}
