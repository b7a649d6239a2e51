//! Which window of which plane a slice shows.

use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use tropex_extract::Network;
use tropex_geometry::slice::{FittedWindow, Plane, RegionEstimate, Window};

use crate::errors::{ToException, input_error};
use crate::points::Points;
use crate::work::detached;

/// Margin of a window that is not chosen, unless it has too many regions to draw.
const MARGIN: f64 = 0.25;

/// Seconds of work above which its duration is announced.
const ANNOUNCED: f64 = 60.0;

/// What a caller asks for.
pub(crate) struct SliceSettings<'a, 'py> {
    /// Space around the three points.
    pub(crate) margin: Option<f64>,
    /// Corners of the window.
    pub(crate) window: Option<&'a Bound<'py, PyAny>>,
    /// Largest number of regions.
    pub(crate) max_regions: usize,
}

/// A window of the plane through three points.
pub(crate) struct SlicePlace {
    pub(crate) plane: Plane,
    pub(crate) window: Window,
    /// The three points in input space.
    pub(crate) inputs: [Vec<f64>; 3],
    /// The three points on the plane.
    pub(crate) points: [[f64; 2]; 3],
    /// Shape of one point.
    pub(crate) shape: Vec<usize>,
    /// Largest number of regions.
    pub(crate) max_regions: usize,
    /// Whether the window may become smaller.
    is_free: bool,
}

impl SlicePlace {
    /// Reads the arguments `a`, `b`, `c` of a method, and its settings.
    ///
    /// # Errors
    /// Points of another type or shape, or on a line; a margin without a window; a window that is
    /// no convex polygon.
    pub(crate) fn read(
        points: [&Bound<'_, PyAny>; 3],
        shape: &[usize],
        settings: &SliceSettings<'_, '_>,
    ) -> PyResult<Self> {
        let read =
            |index: usize| Points::one(points[index], ["a", "b", "c"][index], shape)?.to_f64();
        let inputs = [read(0)?, read(1)?, read(2)?];
        let plane = Plane::through(inputs.each_ref().map(Vec::as_slice));
        let plane = plane.map_err(ToException::to_exception)?;
        let at =
            |index: usize| plane.coordinates(&inputs[index]).map_err(ToException::to_exception);
        let points = [at(0)?, at(1)?, at(2)?];
        let SliceSettings { margin, window, max_regions } = *settings;
        let is_free = margin.is_none() && window.is_none();
        let window = match (margin, window) {
            (None, Some(window)) => polygon(window)?,
            (Some(_), Some(_)) => return Err(input_error("margin and window exclude each other")),
            (margin, None) => around(&points, margin.unwrap_or(MARGIN))?,
        };
        Ok(Self { plane, window, inputs, points, shape: shape.to_vec(), max_regions, is_free })
    }

    /// Prepares the window for the regions of a network: makes one that was not chosen smaller
    /// until its regions can be drawn, with a warning, and announces minutes of work.
    ///
    /// # Errors
    /// More regions than allowed, by an estimate, if it would take long to find that out.
    pub(crate) fn open(&mut self, py: Python<'_>, network: &Network) -> PyResult<()> {
        if self.is_free {
            self.fit(py, network)?;
        }
        let estimate = detached(py, |watch| {
            let (plane, window) = (&self.plane, &self.window);
            RegionEstimate::of(network, plane, window, self.max_regions, &|| watch.look())
        })?;
        let RegionEstimate { regions, seconds, .. } = estimate;
        if seconds < ANNOUNCED {
            return Ok(());
        }
        let minutes = (seconds / 60.0).ceil();
        if estimate.is_beyond_limit() {
            return Err(input_error(format!(
                "the window has about {regions} regions, more than max_regions={}, which would be \
                 found out in about {minutes} minutes; choose a smaller margin or window, or more \
                 regions",
                self.max_regions
            )));
        }
        warn(
            py,
            &format!(
                "the window has about {regions} regions, which takes about {minutes} minutes; Ctrl-C \
                 stops, and a smaller margin or window has fewer"
            ),
        )
    }

    fn fit(&mut self, py: Python<'_>, network: &Network) -> PyResult<()> {
        let fitted = detached(py, |watch| {
            let (plane, window, limit) = (&self.plane, &self.window, self.max_regions);
            let look = || watch.look();
            FittedWindow::around(network, plane, window, &self.points, limit, &look)
        })?;
        let Some((window, FittedWindow { usual_regions, margin, .. })) = fitted else {
            return Ok(());
        };
        self.window = window;
        warn(
            py,
            &format!(
                "the window around the three points has about {usual_regions} regions, too many to \
                 draw: this slice is its middle, with margin={margin}; choose a margin or a window to \
                 see more"
            ),
        )
    }
}

fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let message = std::ffi::CString::new(message)?;
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &message, 1)
}

fn around(points: &[[f64; 2]], margin: f64) -> PyResult<Window> {
    if !(margin > -0.5 && margin <= 1e3) {
        return Err(input_error(format!(
            "margin is {margin}, expected more than -0.5 and up to 1000"
        )));
    }
    Window::around(points, margin).map_err(ToException::to_exception)
}

/// The corners of a convex polygon, or two opposite corners of a rectangle.
fn polygon(window: &Bound<'_, PyAny>) -> PyResult<Window> {
    let numbers = Points::coordinates(window, "window")?.to_f64()?;
    let corners: Vec<[f64; 2]> =
        numbers.chunks_exact(2).map(|corner| [corner[0], corner[1]]).collect();
    let window = match corners[..] {
        [[left, low], [right, high]] => Window::rectangle([left, right], [low, high]),
        _ => Window::polygon(corners),
    };
    window.map_err(ToException::to_exception)
}
