//! The class `Slice`.

use numpy::{PyArray1, PyArray2, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use tropex_experiments::render::{Colour, ImageFormat, MarkedPoint, RegionMap, RegionPanel};
use tropex_extract::Network;
use tropex_geometry::Error;
use tropex_geometry::slice::{ClassCell, Partition, Plane, Window};

use crate::arrays::integers;
use crate::errors::{ToException, input_error};
use crate::points::Points;
use crate::progress::{Display, Reporter};
use crate::work::detached;

/// All linear regions of a network in a window of a plane, computed exactly.
///
/// Points of the plane have coordinates ``(u, v)``: distances on the plane are distances between
/// points.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Slice {
    partition: Partition,
    plane: Plane,
    /// Shape of one point.
    shape: Vec<usize>,
    window: Window,
    /// The three points with their predicted classes.
    marks: Vec<MarkedPoint>,
}

/// Which window of the plane to compute.
pub(crate) struct SliceSettings {
    /// Space around the three points, as a share of the longer side of the rectangle around them.
    pub(crate) margin: f64,
    /// Most polygons.
    pub(crate) limit: usize,
}

impl Slice {
    /// The regions on the plane through three points.
    ///
    /// # Errors
    /// Points on a line; a margin without a window; more polygons than the limit.
    pub(crate) fn new(
        py: Python<'_>,
        network: &Network,
        points: [Vec<f64>; 3],
        settings: &SliceSettings,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let SliceSettings { margin, limit } = *settings;
        if !(margin > -0.5 && margin <= 1e3) {
            return Err(input_error(format!(
                "margin is {margin}, expected more than -0.5 and up to 1000"
            )));
        }
        let display = Display::of(py, progress, false)?;
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let plane = Plane::through(points.each_ref().map(Vec::as_slice))?;
            let mark = |(index, point): (usize, &Vec<f64>)| {
                let (at, label) = (plane.coordinates(point)?, network.classify(point)?[0]);
                Ok::<_, Error>(MarkedPoint { at, label, index })
            };
            let marks = points.iter().enumerate().map(mark).collect::<Result<Vec<_>, _>>()?;
            let corners: Vec<_> = marks.iter().map(|mark| mark.at).collect();
            let window = Window::around(&corners, margin)?;
            let partition =
                Partition::of_network_with_progress(network, &plane, &window, limit, &|done| {
                    let share = done.done as f64 / done.units.max(1) as f64;
                    reporter.report("cutting regions", share);
                })?;
            let shape = network.input_shape().to_vec();
            Ok::<_, Error>(Self { partition, plane, shape, window, marks })
        });
        display.close(py)?;
        outcome
    }
}

#[pymethods]
impl Slice {
    /// ndarray of shape (vertices, 2): Plane coordinates of all corners.
    #[getter]
    fn vertices(&self, py: Python<'_>) -> PyResult<Py<PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> = self.partition.vertices.iter().map(|at| at.to_vec()).collect();
        Ok(PyArray2::from_vec2(py, &rows)?.unbind())
    }

    /// list of ndarray, int64: Corners of every region counter-clockwise, as indices into
    /// `vertices`.
    #[getter]
    fn regions(&self, py: Python<'_>) -> Vec<Py<PyArray1<i64>>> {
        let regions = self.partition.regions.iter();
        regions.map(|region| integers(py, region.corners.iter().copied())).collect()
    }

    /// list of str: Identifiers of the regions.
    #[getter]
    fn ids(&self) -> Vec<String> {
        self.partition.regions.iter().map(|region| region.id.to_string()).collect()
    }

    /// list of ndarray, int64: Corners of the cells: the regions, divided where the predicted class
    /// changes.
    #[getter]
    fn cells(&self, py: Python<'_>) -> Vec<Py<PyArray1<i64>>> {
        let cells = self.partition.cells.iter();
        cells.map(|cell| integers(py, cell.corners.iter().copied())).collect()
    }

    /// ndarray of shape (cells,), int64: The region of every cell.
    #[getter]
    fn cell_regions(&self, py: Python<'_>) -> Py<PyArray1<i64>> {
        integers(py, self.partition.cells.iter().map(|cell| cell.region))
    }

    /// ndarray of shape (cells,), int64: The predicted class of every cell.
    #[getter]
    fn cell_classes(&self, py: Python<'_>) -> Py<PyArray1<i64>> {
        integers(py, self.partition.cells.iter().map(|cell| cell.class))
    }

    /// list of str: A colour for every cell, ``#rrggbb``: the hue of its class in a shade of its
    /// region.
    #[getter]
    fn cell_colours(&self) -> Vec<String> {
        let colour = |cell: &ClassCell| {
            let id = self.partition.regions[cell.region].id;
            Colour::of_region(cell.class, id).hex()
        };
        self.partition.cells.iter().map(colour).collect()
    }

    /// ndarray of shape (edges, 2), int64: The decision boundary, as pairs of indices into
    /// `vertices`.
    #[getter]
    fn boundary(&self, py: Python<'_>) -> PyResult<Py<PyArray2<i64>>> {
        let edges = self.partition.boundary.iter();
        let rows: Vec<Vec<i64>> =
            edges.map(|edge| edge.iter().map(|&corner| corner as i64).collect()).collect();
        match rows.is_empty() {
            true => Ok(PyArray2::zeros(py, [0, 2], false).unbind()),
            false => Ok(PyArray2::from_vec2(py, &rows)?.unbind()),
        }
    }

    /// Points of the input space by their plane coordinates.
    ///
    /// Parameters
    /// ----------
    /// coordinates : array_like of shape (n, 2)
    ///     Plane coordinates, such as rows of `vertices`.
    ///
    /// Returns
    /// -------
    /// ndarray of shape (n, *input_shape)
    fn to_input<'py>(
        &self,
        coordinates: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let given = Points::batch(coordinates, "coordinates", &[2])?.to_f64()?;
        let points = given.chunks_exact(2).flat_map(|at| self.plane.point([at[0], at[1]]));
        let points: Vec<f64> = points.collect();
        let shape = [&[given.len() / 2], &self.shape[..]].concat();
        PyArray1::from_vec(coordinates.py(), points).reshape(shape)
    }

    /// ndarray of shape (3, 2): Plane coordinates of the three points.
    #[getter]
    fn points(&self, py: Python<'_>) -> PyResult<Py<PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> = self.marks.iter().map(|mark| mark.at.to_vec()).collect();
        Ok(PyArray2::from_vec2(py, &rows)?.unbind())
    }

    /// ndarray of shape (4, 2): Plane coordinates of the corners of the window.
    #[getter]
    fn window(&self, py: Python<'_>) -> PyResult<Py<PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> = self.window.corners().iter().map(|at| at.to_vec()).collect();
        Ok(PyArray2::from_vec2(py, &rows)?.unbind())
    }

    /// int: Number of linear regions: neighbouring regions with equal affine maps count as one.
    #[getter]
    fn linear_regions(&self) -> usize {
        self.partition.linear_regions()
    }

    /// Draw the regions with matplotlib.
    ///
    /// Parameters
    /// ----------
    /// ax : matplotlib.axes.Axes, optional
    ///     Where to draw. Default: the current axes.
    ///
    /// Returns
    /// -------
    /// matplotlib.axes.Axes
    #[pyo3(signature = (ax = None))]
    fn plot<'py>(
        slf: &Bound<'py, Self>,
        ax: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("tropex._plot")?.call_method1("plot_slice", (slf, ax))
    }

    /// The picture that a notebook shows.
    fn _repr_svg_(&self) -> PyResult<String> {
        let title = format!("{} regions", self.partition.regions.len());
        let map = RegionMap {
            window: &self.window,
            panels: vec![RegionPanel { title, partition: &self.partition }],
            marks: self.marks.clone(),
            class_names: Vec::new(),
        };
        let svg = map.draw().encode(ImageFormat::Svg).map_err(ToException::to_exception)?;
        Ok(String::from_utf8_lossy(&svg).into_owned())
    }

    fn __len__(&self) -> usize {
        self.partition.regions.len()
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Slice: {} regions>", self.partition.regions.len())
    }
}
