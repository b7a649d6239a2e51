//! Iterables that yield points or batches of points, such as a `DataLoader`.

use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::errors::input_error;
use crate::points::{Points, whole_numbers};
use crate::progress::Display;

/// What an iterable yields at once.
pub(crate) struct StreamItem<'py> {
    /// Points `[n, *shape]`.
    pub(crate) points: Points<'py>,
    /// One for each point; zeros if the item has none.
    pub(crate) labels: Vec<usize>,
    /// What the item is called in messages.
    pub(crate) name: String,
}

impl<'py> StreamItem<'py> {
    /// Reads a point `[*shape]`, a batch `[n, *shape]`, or a pair of these and labels.
    fn read(item: &Bound<'py, PyAny>, name: String, shape: &[usize]) -> PyResult<Self> {
        let (points, labels) = match pair(item)? {
            Some((points, labels)) => (points, Some(labels)),
            None => (item.clone(), None),
        };
        let points = Points::one_or_more(&points, &name, shape)?;
        let count = points.count(shape);
        let labels = labels_of(labels.as_ref(), count, &format!("the labels of {name}"))?;
        Ok(Self { points, labels, name })
    }
}

/// Whether an object is an array or a tensor, not an iterable of them.
pub(crate) fn is_array(points: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_array = points.is_instance_of::<PyUntypedArray>();
    Ok(is_array || points.hasattr("__array__")? || points.hasattr("__dlpack__")?)
}

/// Labels `[n]`, or zeros if there are none.
///
/// # Errors
/// Another number of labels; labels that are no classes.
pub(crate) fn labels_of(
    labels: Option<&Bound<'_, PyAny>>,
    count: usize,
    name: &str,
) -> PyResult<Vec<usize>> {
    labels.map_or_else(|| Ok(vec![0; count]), |labels| whole_numbers(labels, count, name))
}

/// Calls a function with every item of an iterable, or of a dataset with a length and numbered
/// items. The progress of a task is shown if the iterable has a length.
///
/// # Errors
/// An object that is no iterable, or yields nothing; points or labels of another type or shape; a
/// signal of Python; the error of the function.
pub(crate) fn visit<'py>(
    points: &Bound<'py, PyAny>,
    shape: &[usize],
    (task, display): (&str, &Display),
    mut take: impl FnMut(StreamItem<'py>) -> PyResult<()>,
) -> PyResult<()> {
    let py = points.py();
    let (items, total) = items(points)?;
    let mut count = 0;
    for item in items {
        py.check_signals()?;
        take(StreamItem::read(&item?, format!("item {count} of x"), shape)?)?;
        count += 1;
        if let Some(total) = total {
            display.show(py, task, f64::from(count) / total.max(1) as f64)?;
        }
    }
    match count {
        0 => Err(input_error("x yields no points, expected at least one")),
        _ => Ok(()),
    }
}

/// The items of an iterable or a dataset.
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

/// The parts of a tuple or list of two.
fn pair<'py>(item: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    let is_sequence = item.is_instance_of::<PyTuple>() || item.is_instance_of::<PyList>();
    if !is_sequence || item.len()? != 2 {
        return Ok(None);
    }
    Ok(Some((item.get_item(0)?, item.get_item(1)?)))
}
