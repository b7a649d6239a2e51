//! The class `Polytope`.

use std::time::{Duration, Instant};

use numpy::{PyArray1, PyArrayDyn};
use pyo3::prelude::*;
use tropex_geometry::LargestBall;

use crate::arrays::{array, shaped};
use crate::errors::{error, input_error};
use crate::points::Points;
use crate::progress::{Display, Reporter};
use crate::work::detached;

/// A linear region as inequalities ``(normals * x).sum() <= limits`` with normals of length 1.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Polytope {
    sides: tropex_geometry::Polytope,
    shape: Vec<usize>,
}

impl Polytope {
    /// A polytope in the space of points of a shape.
    pub(crate) fn new(sides: tropex_geometry::Polytope, shape: Vec<usize>) -> Self {
        Self { sides, shape }
    }

    fn column(
        &self,
        py: Python<'_>,
        of: impl Fn(&tropex_geometry::Facet) -> usize,
    ) -> Py<PyArray1<i64>> {
        let sides = self.sides.inequalities();
        let column = sides.map(|side| side.facet.map_or(-1, |facet| of(&facet) as i64));
        PyArray1::from_vec(py, column.collect()).unbind()
    }
}

/// The end of a number of seconds.
fn deadline(seconds: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(seconds) = seconds else { return Ok(None) };
    let limit = Duration::try_from_secs_f64(seconds)
        .map_err(|_| input_error(format!("time_limit is {seconds}, expected seconds from 0")))?;
    Ok(Instant::now().checked_add(limit))
}

#[pymethods]
impl Polytope {
    /// ndarray of shape (sides, *input_shape): Outward normals of length 1.
    #[getter]
    fn normals(&self, py: Python<'_>) -> PyResult<Py<PyArrayDyn<f64>>> {
        let sides = self.sides.inequalities();
        let normals: Vec<f64> = sides.flat_map(|side| side.normal).copied().collect();
        shaped(py, normals, &[&[self.sides.sides()], &self.shape[..]].concat())
    }

    /// ndarray of shape (sides,): Right-hand sides of the inequalities.
    #[getter]
    fn limits(&self, py: Python<'_>) -> Py<PyArray1<f64>> {
        PyArray1::from_iter(py, self.sides.inequalities().map(|side| side.limit)).unbind()
    }

    /// ndarray of shape (sides,), int64: The operation whose unit changes beyond each side, as
    /// ``print(net)`` numbers them; -1 for a side of the box.
    #[getter]
    fn nodes(&self, py: Python<'_>) -> Py<PyArray1<i64>> {
        self.column(py, |facet| facet.node + 1)
    }

    /// ndarray of shape (sides,), int64: The unit that changes beyond each side; -1 for a side of
    /// the box.
    #[getter]
    fn units(&self, py: Python<'_>) -> Py<PyArray1<i64>> {
        self.column(py, |facet| facet.unit)
    }

    /// Whether a point is in the polytope, or at most `tolerance` beyond its sides.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (*input_shape)
    ///     A point.
    /// tolerance : float, default 0
    ///     Distance.
    ///
    /// Returns
    /// -------
    /// bool
    #[pyo3(signature = (x, tolerance = 0.0))]
    fn contains(&self, x: &Bound<'_, PyAny>, tolerance: f64) -> PyResult<bool> {
        Ok(self.depth(x)? >= -tolerance)
    }

    /// Distance of a point to the nearest side; negative outside.
    ///
    /// Parameters
    /// ----------
    /// x : array_like of shape (*input_shape)
    ///     A point.
    ///
    /// Returns
    /// -------
    /// float
    fn depth(&self, x: &Bound<'_, PyAny>) -> PyResult<f64> {
        let point = Points::one(x, "x", &self.shape)?.to_f64()?;
        detached(x.py(), |_| self.sides.depth(&point))
    }

    /// The polytope without the inequalities that others imply: its facets, behind which other
    /// regions begin.
    ///
    /// Parameters
    /// ----------
    /// time_limit : float, optional
    ///     Seconds after which an error is raised.
    /// progress : bool or callable, default False
    ///     Whether to show a progress bar, or a function of the task and the completed share.
    ///
    /// Returns
    /// -------
    /// Polytope
    #[pyo3(signature = (time_limit = None, *, progress = None))]
    #[pyo3(text_signature = "($self, time_limit=None, *, progress=False)")]
    fn irredundant(
        &self,
        py: Python<'_>,
        time_limit: Option<f64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let deadline = deadline(time_limit)?;
        let display = Display::of(py, progress, false)?;
        let outcome = detached(py, |watch| {
            let (reporter, all) = (Reporter::new(watch, &display), self.sides.sides().max(1));
            let report = |done, _| reporter.report("looking for facets", done as f64 / all as f64);
            self.sides.irredundant_until(deadline, &report)
        });
        display.close(py)?;
        let found = outcome?;
        match found.is_complete {
            true => Ok(Self { sides: found.polytope, shape: self.shape.clone() }),
            false => Err(error(&format!(
                "the time limit ended after {} of {} sides; give more time",
                found.examined,
                self.sides.sides()
            ))),
        }
    }

    /// A largest ball in the polytope.
    ///
    /// Parameters
    /// ----------
    /// time_limit : float, optional
    ///     Seconds after which an error is raised.
    ///
    /// Returns
    /// -------
    /// tuple of (ndarray of shape (*input_shape), float) or None
    ///     Its centre and radius; None if the polytope contains balls of any size.
    #[pyo3(signature = (time_limit = None))]
    fn ball<'py>(
        &self,
        py: Python<'py>,
        time_limit: Option<f64>,
    ) -> PyResult<Option<(Bound<'py, PyArrayDyn<f64>>, f64)>> {
        let deadline = deadline(time_limit)?;
        match detached(py, |_| self.sides.ball_until(deadline))? {
            LargestBall::Ball(ball) => {
                Ok(Some((array(py, &ball.centre, &self.shape)?, ball.radius)))
            }
            LargestBall::Unbounded => Ok(None),
            LargestBall::OutOfTime => Err(error(&"the time limit ended; give more time")),
        }
    }

    fn __len__(&self) -> usize {
        self.sides.sides()
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Polytope: {} sides>", self.sides.sides())
    }
}
