//! Points to extract: an array, or anything that yields points or batches of points.

use std::path::Path;

use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use tropex_extract::PointSource;
use tropex_extract::points::{PointSpool, SlicePoints, SpooledPoints};

use crate::errors::{ToException, input_error};
use crate::points::{Points, whole_numbers};
use crate::progress::Display;

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

/// Whether an object is an array or a tensor, not an iterable of them.
fn is_array(points: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_array = points.is_instance_of::<PyUntypedArray>();
    Ok(is_array || points.hasattr("__array__")? || points.hasattr("__dlpack__")?)
}

/// Labels `[n]`, or zeros if there are none.
fn labels_of(labels: Option<&Bound<'_, PyAny>>, count: usize, name: &str) -> PyResult<Vec<usize>> {
    labels.map_or_else(|| Ok(vec![0; count]), |labels| whole_numbers(labels, count, name))
}

/// Reads an iterable once and keeps its points in a temporary file on the disk of the folder.
fn spool(
    points: &Bound<'_, PyAny>,
    shape: &[usize],
    folder: &Path,
    display: &Display,
) -> PyResult<SpooledPoints> {
    let py = points.py();
    std::fs::create_dir_all(folder)?;
    let features = shape.iter().product();
    let mut spool = PointSpool::new(folder, features).map_err(ToException::to_exception)?;
    let (items, total) = items(points)?;
    for (number, item) in items.enumerate() {
        py.check_signals()?;
        let (values, labels) = item_of(&item?, number, shape)?;
        let values = values.to_f32(&format!("item {number} of x"))?;
        spool.add(&values, &labels).map_err(ToException::to_exception)?;
        if let Some(total) = total {
            display.show(py, "reading points", (number + 1) as f64 / total.max(1) as f64)?;
        }
    }
    let points = spool.finish().map_err(ToException::to_exception)?;
    if points.is_empty() {
        return Err(input_error("x yields no points, expected at least one"));
    }
    Ok(points)
}

/// The items of an iterable, or of a dataset with a length and numbered items.
type Items<'py> = Box<dyn Iterator<Item = PyResult<Bound<'py, PyAny>>> + 'py>;

fn items<'py>(points: &Bound<'py, PyAny>) -> PyResult<(Items<'py>, Option<usize>)> {
    let length = points.len().ok();
    if points.hasattr("__iter__")? {
        return Ok((Box::new(points.try_iter()?), length));
    }
    match length.filter(|_| points.hasattr("__getitem__").unwrap_or(false)) {
        Some(length) => {
            let dataset = points.clone();
            Ok((Box::new((0..length).map(move |index| dataset.get_item(index))), Some(length)))
        }
        None => Err(input_error(format!(
            "x of type {} is neither an array nor an iterable of points",
            points.get_type()
        ))),
    }
}

/// The points and labels of an item: a point, a batch, or a pair.
fn item_of<'py>(
    item: &Bound<'py, PyAny>,
    number: usize,
    shape: &[usize],
) -> PyResult<(Points<'py>, Vec<usize>)> {
    let (points, labels) = match pair(item)? {
        Some((points, labels)) => (points, Some(labels)),
        None => (item.clone(), None),
    };
    let name = format!("item {number} of x");
    let points = Points::one_or_more(&points, &name, shape)?;
    let labels = labels_of(labels.as_ref(), points.count(shape), &format!("the labels of {name}"))?;
    Ok((points, labels))
}

/// The parts of a tuple or list of two.
fn pair<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let is_sequence = item.is_instance_of::<PyTuple>() || item.is_instance_of::<PyList>();
    if !is_sequence || item.len()? != 2 {
        return Ok(None);
    }
    Ok(Some((item.get_item(0)?, item.get_item(1)?)))
}
