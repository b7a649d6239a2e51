//! The class `Slice`.

use numpy::{PyArray1, PyArray2, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use tropex_experiments::render::{Colour, ImageFormat, MarkedPoint, RegionMap, RegionPanel};
use tropex_extract::{Network, TermStore};
use tropex_geometry::Error;
use tropex_geometry::slice::{ClassCell, Partition, SliceProgress, TermPartition};

use crate::arrays::integers;
use crate::errors::{ToException, input_error};
use crate::points::Points;
use crate::progress::{Display, Reporter};
use crate::slice_place::SlicePlace;
use crate::work::detached;

/// All linear regions in a window of a plane, computed exactly: those of a network, or those of an
/// extracted function.
///
/// Points of the plane have coordinates ``(u, v)``: distances on the plane are distances between
/// points.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Slice {
    partition: Partition,
    place: SlicePlace,
    /// Classes of the three points, if they are known.
    labels: Vec<Option<usize>>,
}

impl Slice {
    /// The regions of a network on a plane.
    ///
    /// # Errors
    /// A window that takes too long, see [`SlicePlace::open`]; more polygons than the limit.
    pub(crate) fn of_network(
        py: Python<'_>,
        network: &Network,
        place: SlicePlace,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let display = Display::of(py, progress, false)?;
        let mut place = place;
        let outcome = place.open(py, network).and_then(|()| {
            detached(py, |watch| {
                let reporter = Reporter::new(watch, &display);
                let labels = place.inputs.iter().map(|point| Ok(network.classify(point)?[0]));
                let labels = labels.collect::<Result<Vec<_>, Error>>()?;
                let partition = Partition::of_network_with_progress(
                    network,
                    &place.plane,
                    &place.window,
                    place.max_regions,
                    &|done| reporter.report("cutting regions", share_of(done)),
                )?;
                Ok::<_, Error>((partition, labels))
            })
        });
        display.close(py)?;
        let (partition, labels) = outcome?;
        Ok(Self { partition, place, labels: labels.into_iter().map(Some).collect() })
    }

    /// The regions of an extracted function on a plane.
    ///
    /// # Errors
    /// More polygons than the limit; damaged files.
    pub(crate) fn of_terms(
        py: Python<'_>,
        store: &TermStore,
        place: SlicePlace,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let display = Display::of(py, progress, false)?;
        let outcome = detached(py, |watch| {
            let reporter = Reporter::new(watch, &display);
            let report = |done| reporter.report("comparing terms", share_of(done));
            let SlicePlace { plane, window, max_regions, .. } = &place;
            TermPartition::with_progress(store, plane, window, *max_regions, &report)
        });
        display.close(py)?;
        let partition = outcome?.partition;
        let label = |at: [f64; 2]| Some(partition.cells[partition.region_at(at)?].class);
        let labels = place.points.iter().map(|&at| label(at)).collect();
        Ok(Self { partition, place, labels })
    }
}

fn share_of(progress: SliceProgress) -> f64 {
    progress.done as f64 / progress.units.max(1) as f64
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
        let given = Points::coordinates(coordinates, "coordinates")?.to_f64()?;
        let points = given.chunks_exact(2).flat_map(|at| self.place.plane.point([at[0], at[1]]));
        let points: Vec<f64> = points.collect();
        let shape = [&[given.len() / 2], &self.place.shape[..]].concat();
        PyArray1::from_vec(coordinates.py(), points).reshape(shape)
    }

    /// ndarray of shape (3, 2): Plane coordinates of the three points.
    #[getter]
    fn points(&self, py: Python<'_>) -> PyResult<Py<PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> = self.place.points.iter().map(|at| at.to_vec()).collect();
        Ok(PyArray2::from_vec2(py, &rows)?.unbind())
    }

    /// ndarray of shape (corners, 2): Plane coordinates of the corners of the window,
    /// counter-clockwise.
    #[getter]
    fn window(&self, py: Python<'_>) -> PyResult<Py<PyArray2<f64>>> {
        let rows: Vec<Vec<f64>> =
            self.place.window.corners().iter().map(|at| at.to_vec()).collect();
        Ok(PyArray2::from_vec2(py, &rows)?.unbind())
    }

    /// int: Number of linear regions: neighbouring regions with equal affine maps count as one.
    #[getter]
    fn linear_regions(&self) -> usize {
        self.partition.linear_regions()
    }

    /// Share of the window on which this slice and another one have the same class, such as those
    /// of a network and of its extracted function.
    ///
    /// Parameters
    /// ----------
    /// other : Slice
    ///     A slice through the same three points with the same window.
    ///
    /// Returns
    /// -------
    /// float
    fn agreement(&self, other: &Self) -> PyResult<f64> {
        if self.place.plane != other.place.plane || self.place.window != other.place.window {
            return Err(input_error(
                "the slices have different windows; make the second one through the same points with \
                 window=first.window",
            ));
        }
        Ok(self.partition.agreement(&other.partition))
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
        let marks = self.place.points.iter().zip(&self.labels).enumerate();
        let marks = marks.filter(|(_, (at, _))| self.place.window.contains(**at));
        let mark = |(index, (&at, label)): (usize, (_, &Option<usize>))| {
            label.map(|label| MarkedPoint { at, label, index })
        };
        let map = RegionMap {
            window: &self.place.window,
            panels: vec![RegionPanel { title, partition: &self.partition }],
            marks: marks.filter_map(mark).collect(),
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
