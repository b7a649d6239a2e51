//! Points to extract: an array, or anything that yields points or batches of points.

use std::path::Path;

use pyo3::prelude::*;
use tropex_extract::PointSource;
use tropex_extract::points::{PointSpool, SlicePoints, SpooledPoints};

use crate::errors::{ToException, input_error};
use crate::points::Points;
use crate::progress::Display;
use crate::stream::{self, is_array, labels_of};

/// Points with their labels.
pub(crate) enum GivenPoints<'py> {
    /// An array.
    Array(Points<'py>, Vec<usize>),
    /// The points of an iterable, in a temporary file.
    Spooled(SpooledPoints),
}

impl<'py> GivenPoints<'py> {
    /// Reads an array `[n, *shape]`, or spools an iterable of points `[*shape]`, batches
    /// `[b, *shape]`, or pairs of these and labels. Without labels all labels are 0.
    ///
    /// # Errors
    /// Points or labels of another type or shape; labels that are given twice; no room on the disk.
    pub(crate) fn read(
        points: &Bound<'py, PyAny>,
        labels: Option<&Bound<'py, PyAny>>,
        shape: &[usize],
        folder: &Path,
        display: &Display,
    ) -> PyResult<Self> {
        if is_array(points)? {
            let points = Points::batch(points, "x", shape)?;
            let labels = labels_of(labels, points.count(shape), "y")?;
            return Ok(Self::Array(points, labels));
        }
        if labels.is_some() {
            return Err(input_error(
                "y was given, but x is no array: let x yield pairs of points and labels",
            ));
        }
        spool(points, shape, folder, display).map(Self::Spooled)
    }

    /// Calls a function with the points as the engine reads them. Numbers of 64 bits are rounded to
    /// 32 bits.
    ///
    /// # Errors
    /// Numbers beyond the range of 32 bits; the error of the function.
    pub(crate) fn with_source<T>(
        &self,
        features: usize,
        work: impl FnOnce(&dyn PointSource) -> PyResult<T>,
    ) -> PyResult<T> {
        match self {
            Self::Array(points, labels) => {
                let values = points.to_f32("x")?;
                let source = SlicePoints::new(&values, features, labels);
                work(&source.map_err(ToException::to_exception)?)
            }
            Self::Spooled(points) => work(points),
        }
    }
}

/// Reads an iterable once and keeps its points in a temporary file on the disk of the folder.
fn spool(
    points: &Bound<'_, PyAny>,
    shape: &[usize],
    folder: &Path,
    display: &Display,
) -> PyResult<SpooledPoints> {
    std::fs::create_dir_all(folder)?;
    let features = shape.iter().product();
    let mut spool = PointSpool::new(folder, features).map_err(ToException::to_exception)?;
    stream::visit(points, shape, ("reading points", display), |item| {
        let values = item.points.to_f32(&item.name)?;
        spool.add(&values, &item.labels).map_err(ToException::to_exception)
    })?;
    spool.finish().map_err(ToException::to_exception)
}
