//! The methods of the class `Network`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tropex_extract::ExtractOptions;
use tropex_extract::ops::extents;

use crate::bounds::Bounds;
use crate::choices::{ClassChoice, precision_of};
use crate::errors::ToException;
use crate::extraction::Request;
use crate::json::to_python;
use crate::linear_terms::{self, LinearTerms};
use crate::local_path::LocalPath;
use crate::network::Network;
use crate::node_table;
use crate::path::Path;
use crate::pattern_counts::PatternCounts;
use crate::patterns::Patterns;
use crate::points::Points;
use crate::region::Region;
use crate::slice::Slice;
use crate::slice_place::{SlicePlace, SliceSettings};
use crate::store::TermStore;

#[pymethods]
impl Network {
    /// tuple of int: Shape of one point, without the axis of points.
    #[getter]
    fn input_shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.captured().input_shape())
    }

    /// int: Number of classes, which is that of the logits.
    #[getter]
    fn classes(&self) -> usize {
        self.captured().classes()
    }

    /// int: Number of units with more than one linear piece.
    #[getter]
    fn units(&self) -> usize {
        self.captured().units()
    }

    /// int: Number of weights and offsets.
    #[getter]
    fn parameters(&self) -> usize {
        self.captured().parameters()
    }

    /// list of dict: The operations, in the order of execution. Keys: ``node`` (the number in
    /// ``print(net)``), ``inputs`` (the nodes that it reads; 0 is the input), ``layer``,
    /// ``operation``, ``detail``, ``shape``, ``parameters``, ``units``.
    #[getter]
    fn nodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.captured().node_rows())
    }

    /// str: SHA-256 of structure and constants. Equal fingerprints mean equal computations.
    #[getter]
    fn fingerprint(&self) -> String {
        self.captured().fingerprint()
    }

    /// The linear terms of points: the affine functions that the network is around them.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape)
    ///     Points as ``float32`` or ``float64``: a numpy array, a PyTorch tensor, or anything with
    ///     ``__array__`` or DLPack. A C-contiguous array is read without a copy. Integers are
    ///     refused, because only you know how the network expects them to be scaled.
    /// classes : "predicted", "all", int or list of int, default "predicted"
    ///     The logits whose terms are computed: that of the predicted class of each point, those
    ///     of all classes, that of one class, or those of some classes.
    /// precision : "f32" or "f64", default "f32"
    ///     The format that the terms are computed in, also as a type of numpy. Points of the other
    ///     format are rounded to it.
    ///
    /// Returns
    /// -------
    /// LinearTerms
    ///
    /// Raises
    /// ------
    /// InputError
    ///     If the points have another shape or type, or are not finite.
    #[pyo3(signature = (x, classes = None, precision = None))]
    #[pyo3(text_signature = "($self, x, classes=\"predicted\", precision=\"f32\")")]
    fn linear_terms(
        &self,
        x: &Bound<'_, PyAny>,
        classes: Option<&Bound<'_, PyAny>>,
        precision: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<LinearTerms> {
        let network = self.in_precision(precision_of(precision)?);
        let network = network.map_err(ToException::to_exception)?;
        let classes = ClassChoice::of(classes, network.classes())?;
        let points = Points::batch(x, "x", network.input_shape())?;
        linear_terms::compute(x.py(), network, &points, &classes)
    }

    /// Extract the terms of points into a folder.
    ///
    /// An interrupted extraction is continued by the same call. A finished one is opened.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape), or iterable
    ///     Points as ``float32`` or ``float64``; the latter are rounded to ``float32``. An iterable
    ///     such as a ``torch.utils.data.DataLoader``, a dataset or a generator yields points,
    ///     batches of points, or pairs of these and their labels. It is read once, into a temporary
    ///     file, so that the points need not fit into memory.
    /// folder : str or os.PathLike
    ///     The folder. It is made if it does not exist.
    /// y : array_like of shape (n,), optional
    ///     True classes of the points of an array. Default: 0.
    /// gauge : "worst-case", "tight" or "calibrated", default "tight"
    ///     The rule that chooses the shifts, which decide between the points.
    /// classes : "predicted", "all" or int, default "predicted"
    ///     The logits whose terms are extracted.
    /// progress : bool or callable, default True
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    /// precision : "f32" or "f64", default "f32"
    ///     Format of the numbers.
    /// replace : bool, default False
    ///     Whether to replace terms of other settings in the folder instead of refusing.
    /// shifts_of : TermStore, optional
    ///     A store whose shifts are used, instead of those of the points themselves.
    /// check : int, default 1000
    ///     Number of points whose terms are compared with all other terms.
    /// shard_megabytes : int, default 64
    ///     Approximate size of a file of terms. This much is in memory, and an interruption loses
    ///     it.
    /// memory : int, optional
    ///     Bytes that rows of all points may take in memory. Default: half of the free memory.
    ///
    /// Returns
    /// -------
    /// TermStore
    ///
    /// Raises
    /// ------
    /// FileError
    ///     If the folder holds terms of other settings, or another process writes to it.
    /// Error
    ///     If the self-check fails.
    #[pyo3(signature = (
        x, folder, y = None, gauge = "tight", classes = None, progress = None, *,
        precision = None, replace = false, shifts_of = None, check = 1000, shard_megabytes = 64,
        memory = None
    ))]
    #[pyo3(text_signature = "($self, x, folder, y=None, gauge=\"tight\", classes=\"predicted\", \
        progress=True, *, precision=\"f32\", replace=False, shifts_of=None, check=1000, \
        shard_megabytes=64, memory=None)")]
    #[expect(clippy::too_many_arguments)] // those of Python have names
    fn extract(
        slf: &Bound<'_, Self>,
        x: &Bound<'_, PyAny>,
        folder: LocalPath,
        y: Option<&Bound<'_, PyAny>>,
        gauge: &str,
        classes: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
        precision: Option<&Bound<'_, PyAny>>,
        replace: bool,
        shifts_of: Option<&Bound<'_, TermStore>>,
        check: usize,
        shard_megabytes: usize,
        memory: Option<usize>,
    ) -> PyResult<TermStore> {
        let options = ExtractOptions::default()
            .with_dominance_points(check)
            .with_shard_bytes(shard_megabytes.saturating_mul(1_000_000))
            .with_replace(replace);
        let request = Request {
            points: x,
            labels: y,
            folder: folder.0,
            gauge,
            classes,
            precision: precision_of(precision)?,
            shifts_of,
            progress,
            options: ExtractOptions { memory, ..options },
        };
        request.extract(slf)
    }

    /// The linear region of a point.
    ///
    /// Parameters
    /// ----------
    /// x0 : array_like of shape (*input_shape)
    ///     One point.
    ///
    /// Returns
    /// -------
    /// Region
    fn region(&self, x0: &Bound<'_, PyAny>) -> PyResult<Region> {
        let point = Points::one(x0, "x0", self.captured().input_shape())?.to_f64()?;
        Region::new(x0.py(), self.captured(), point)
    }

    /// The straight way from one point to another, and the linear regions on it.
    ///
    /// Parameters
    /// ----------
    /// x0, x1 : array_like of shape (*input_shape)
    ///     Start and end.
    ///
    /// Returns
    /// -------
    /// Path
    fn path(&self, x0: &Bound<'_, PyAny>, x1: &Bound<'_, PyAny>) -> PyResult<Path> {
        let shape = self.captured().input_shape();
        let from = Points::one(x0, "x0", shape)?.to_f64()?;
        let to = Points::one(x1, "x1", shape)?.to_f64()?;
        Path::new(x0.py(), self.captured(), &from, &to)
    }

    /// The activation patterns of points.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape)
    ///     Points, as for :meth:`linear_terms`.
    /// precision : "f32" or "f64", default "f32"
    ///     The format that units are computed in.
    ///
    /// Returns
    /// -------
    /// Patterns
    #[pyo3(signature = (x, precision = None), text_signature = "($self, x, precision=\"f32\")")]
    fn patterns(
        &self,
        x: &Bound<'_, PyAny>,
        precision: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Patterns> {
        let network =
            self.in_precision(precision_of(precision)?).map_err(ToException::to_exception)?;
        let points = Points::batch(x, "x", network.input_shape())?;
        Patterns::new(x.py(), network, &points)
    }

    /// Count the linear regions of many points, without keeping their activation patterns.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (n, *input_shape), or iterable
    ///     Points, or an iterable such as a ``torch.utils.data.DataLoader`` or a generator that
    ///     yields points, batches of points, or pairs of these and labels, which are not read.
    /// precision : "f32" or "f64", default "f32"
    ///     The format that units are computed in.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// PatternCounts
    #[pyo3(signature = (x, precision = None, *, progress = None))]
    #[pyo3(text_signature = "($self, x, precision=\"f32\", *, progress=False)")]
    fn count_patterns(
        &self,
        x: &Bound<'_, PyAny>,
        precision: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PatternCounts> {
        let network =
            self.in_precision(precision_of(precision)?).map_err(ToException::to_exception)?;
        PatternCounts::new(network, x, progress)
    }

    /// All linear regions on the plane through three points.
    ///
    /// Parameters
    /// ----------
    /// a, b, c : array_like of shape (*input_shape)
    ///     Three points that are not on one line.
    /// margin : float, optional
    ///     Space around the three points, as a share of the longer side of the rectangle around
    ///     them. A negative margin zooms in; -0.5 would leave nothing. Default: 0.25, or, with a
    ///     warning, a smaller window with the same middle if its regions were too many to draw.
    /// window : array_like of shape (2, 2) or (corners, 2), optional
    ///     Plane coordinates of the window instead: its lower left and upper right corner, or the
    ///     corners of a convex polygon counter-clockwise, such as ``window`` of another slice.
    /// max_regions : int, default 100000
    ///     Largest number of regions. More are an error: at once where they are likely and take
    ///     more than a minute, else when they are found.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// Slice
    ///     Work of more than a minute is announced by a warning.
    ///
    /// Raises
    /// ------
    /// InputError
    ///     If the points are on one line, or the window has too many regions.
    #[pyo3(signature = (
        a, b, c, *, margin = None, window = None, max_regions = 100_000, progress = None
    ))]
    #[pyo3(text_signature = "($self, a, b, c, *, margin=None, window=None, max_regions=100000, \
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
        let place = SlicePlace::read([a, b, c], self.captured().input_shape(), &settings)?;
        Slice::of_network(a.py(), self.captured(), place, progress)
    }

    /// Published bounds on the number of linear regions.
    ///
    /// Parameters
    /// ----------
    /// time_limit : float, default 10
    ///     Seconds for each bound; a bound beyond the limit has no number.
    ///
    /// Returns
    /// -------
    /// Bounds
    #[pyo3(signature = (*, time_limit = 10.0))]
    fn bounds(&self, py: Python<'_>, time_limit: f64) -> PyResult<Bounds> {
        Bounds::new(py, self.captured(), time_limit)
    }

    fn __str__(&self) -> String {
        node_table::text(self.captured())
    }

    fn __repr__(&self) -> String {
        format!(
            "<tropex.Network: input {}, {} classes, {} units>",
            extents(self.captured().input_shape()),
            self.captured().classes(),
            self.captured().units()
        )
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.origin().reduce(py)
    }
}
