//! The class `Region`.

use numpy::PyArrayDyn;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tropex_geometry::{Error, Nearest, Patterns, Regions};

use crate::arrays::{array, shaped};
use crate::polytope::Polytope;
use crate::progress::{Display, Reporter};
use crate::work::detached;

/// The linear region of a point: the points at which all units have the pieces that they have
/// there. It is a polytope, and the network is affine on it. Everything is computed in f64.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Region {
    regions: Box<Regions>,
    point: Vec<f64>,
    id: String,
    predicted: usize,
    coefficients: Py<PyArrayDyn<f64>>,
    bias: Py<PyArrayDyn<f64>>,
}

impl Region {
    /// The region of a point of a network.
    ///
    /// # Errors
    /// Values outside the range of f64; a device without f64.
    pub(crate) fn new(
        py: Python<'_>,
        network: &tropex_extract::Network,
        point: Vec<f64>,
    ) -> PyResult<Self> {
        let (regions, id, terms, predicted) = detached(py, |_| {
            let regions = Regions::new(network)?;
            let network = regions.network();
            let id = Patterns::new(network).ids(&point)?[0].to_string();
            let terms = network.linear_terms(&point, tropex_extract::Classes::All)?;
            let (classes, features) = (network.classes(), network.features());
            let mut numbers = (vec![0.0; classes * features], vec![0.0; classes]);
            terms.copy_to(&mut numbers.0, &mut numbers.1)?;
            let predicted = terms.predicted()[0];
            Ok::<_, Error>((regions, id, numbers, predicted))
        })?;
        let shape = [&[network.classes()], network.input_shape()].concat();
        let coefficients = shaped(py, terms.0, &shape)?;
        let bias = shaped(py, terms.1, &[network.classes()])?;
        Ok(Self { regions: regions.into(), point, id, predicted, coefficients, bias })
    }

    fn shape(&self) -> &[usize] {
        self.regions.network().input_shape()
    }
}

#[pymethods]
impl Region {
    /// ndarray of shape (*input_shape): The point.
    #[getter]
    fn point<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        array(py, &self.point, self.shape())
    }

    /// str: Identifier of the region. Points of one region have one identifier, on every machine.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// int: Class that the network predicts at the point.
    #[getter]
    fn predicted(&self) -> usize {
        self.predicted
    }

    /// ndarray of shape (classes, *input_shape): Coefficients of the logits in the region.
    #[getter]
    fn coefficients<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDyn<f64>> {
        self.coefficients.bind(py).clone()
    }

    /// ndarray of shape (classes,): Biases of the logits in the region.
    #[getter]
    fn bias<'py>(&self, py: Python<'py>) -> Bound<'py, PyArrayDyn<f64>> {
        self.bias.bind(py).clone()
    }

    /// The nearest boundaries of the region.
    ///
    /// One coefficient row per unit is pulled back to the input, so that a large convolutional
    /// network takes minutes to an hour.
    ///
    /// Parameters
    /// ----------
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// dict of str to Boundary or None
    ///     The nearest boundary by the norms ``"l1"``, ``"l2"`` and ``"linf"``; None if the region
    ///     is the whole space.
    #[pyo3(signature = (*, progress = None), text_signature = "($self, *, progress=False)")]
    fn boundaries<'py>(
        &self,
        py: Python<'py>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let display = Display::of(py, progress, false)?;
        let rows = self.regions.rows_per_point().max(1);
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let report = |done| reporter.report("measuring", done as f64 / rows as f64);
            self.regions.distances_with_progress(&self.point, &report)
        });
        display.close(py)?;
        let distances = outcome?.swap_remove(0);
        let found = PyDict::new(py);
        for (norm, nearest) in
            [("l1", distances.l1), ("l2", distances.l2), ("linf", distances.linf)]
        {
            let boundary = nearest.map(|nearest| Boundary::new(py, &nearest, self.shape()));
            found.set_item(norm, boundary.transpose()?)?;
        }
        Ok(found)
    }

    /// The region as a polytope.
    ///
    /// Takes 8 bytes for each unit and each feature, and the time of :meth:`boundaries`.
    ///
    /// Parameters
    /// ----------
    /// within : tuple of float, optional
    ///     Least and largest value of all features, such as ``(0, 1)`` for images: the polytope is
    ///     intersected with this box.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// Polytope
    #[pyo3(signature = (within = None, *, progress = None))]
    #[pyo3(text_signature = "($self, within=None, *, progress=False)")]
    fn polytope(
        &self,
        py: Python<'_>,
        within: Option<(f64, f64)>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Polytope> {
        let display = Display::of(py, progress, false)?;
        let rows = self.regions.rows_per_point().max(1);
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let report = |done| reporter.report("reading sides", done as f64 / rows as f64);
            let polytope = self.regions.polytope_with_progress(&self.point, &report)?;
            match within {
                None => Ok(polytope),
                Some((lowest, highest)) => polytope.within(lowest, highest),
            }
        });
        display.close(py)?;
        Ok(Polytope::new(outcome?, self.shape().to_vec()))
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Region {}: predicts class {}>", self.id, self.predicted)
    }
}

/// The nearest boundary of a region by one norm.
#[pyclass(module = "tropex", frozen, get_all)]
pub(crate) struct Boundary {
    /// float: Distance from the point.
    distance: f64,
    /// ndarray of shape (*input_shape): A nearest point on the boundary.
    point: Py<PyArrayDyn<f64>>,
    /// int: The operation whose unit changes, as ``print(net)`` numbers them.
    node: usize,
    /// int: The unit that changes, an index into the flattened output of the operation.
    unit: usize,
    /// int: The piece of the unit beyond the boundary. For a ReLU 0 below and 1 above zero; for a
    /// pooling the position in its window.
    piece: u32,
}

impl Boundary {
    fn new(py: Python<'_>, nearest: &Nearest, shape: &[usize]) -> PyResult<Self> {
        let Nearest { distance, facet, point } = nearest;
        Ok(Self {
            distance: *distance,
            point: array(py, point, shape)?.unbind(),
            node: facet.node + 1,
            unit: facet.unit,
            piece: facet.rival,
        })
    }
}

#[pymethods]
impl Boundary {
    fn __repr__(&self) -> String {
        let Self { distance, node, unit, .. } = self;
        format!("<tropex.Boundary: distance {distance:.6}, unit {unit} of node {node}>")
    }
}
