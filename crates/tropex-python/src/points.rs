//! Points that callers give: anything that numpy can read as an array of floating-point numbers.

use std::borrow::Cow;

use numpy::{
    PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{PyTypeInfo, intern};
use rayon::prelude::*;

use crate::errors::input_error;

/// Numbers that one task checks.
const CHUNK: usize = 1 << 16;

/// A number of either format.
pub(crate) trait Number: numpy::Element + burn::tensor::Element + Into<f64> {}

impl Number for f32 {}
impl Number for f64 {}

/// Points in row-major order, in the format that the caller gave.
pub(crate) enum Points<'py> {
    /// Of 32 bits.
    F32(PyReadonlyArrayDyn<'py, f32>),
    /// Of 64 bits.
    F64(PyReadonlyArrayDyn<'py, f64>),
}

/// Evaluates an expression for the numbers of points in either format.
macro_rules! with_numbers {
    ($points:expr, $numbers:ident => $body:expr) => {
        match &$points {
            $crate::points::Points::F32(array) => {
                let $numbers = $crate::points::numbers(array)?;
                $body
            }
            $crate::points::Points::F64(array) => {
                let $numbers = $crate::points::numbers(array)?;
                $body
            }
        }
    };
}
pub(crate) use with_numbers;

impl<'py> Points<'py> {
    /// Reads points `[n, *shape]`, without a copy if they are a C-contiguous array of `float32` or
    /// `float64`. `name` is that of the argument.
    ///
    /// # Errors
    /// Another data type or shape; no points; numbers that are not finite.
    pub(crate) fn batch(points: &Bound<'py, PyAny>, name: &str, shape: &[usize]) -> PyResult<Self> {
        let array = array_of(points, name)?;
        let found = array.shape();
        if found.len() != shape.len() + 1 || found[1..] != *shape {
            let help = help_for_batch(found, name, shape);
            let expected = extents(Some("n"), shape);
            let found = extents(None, found);
            return Err(input_error(format!(
                "{name} has shape {found}, expected {expected}: one point per row{help}"
            )));
        }
        if found[0] == 0 {
            return Err(input_error(format!("{name} has no points, expected at least one")));
        }
        Self::finite(&array, name)
    }

    /// Reads a batch `[n, *shape]`, or one point of the shape as a batch of one.
    ///
    /// # Errors
    /// As for [`batch`](Self::batch).
    pub(crate) fn one_or_more(
        points: &Bound<'py, PyAny>,
        name: &str,
        shape: &[usize],
    ) -> PyResult<Self> {
        let array = array_of(points, name)?;
        match array.shape() == shape {
            true => Self::finite(&array, name),
            false => Self::batch(&array, name, shape),
        }
    }

    /// Reads coordinates on a plane, `[n, 2]`. Whole numbers are coordinates too.
    ///
    /// # Errors
    /// As for [`batch`](Self::batch).
    pub(crate) fn coordinates(coordinates: &Bound<'py, PyAny>, name: &str) -> PyResult<Self> {
        let numpy = coordinates.py().import("numpy")?;
        match numpy.call_method1("asarray", (coordinates, "float64")) {
            Ok(numbers) => Self::batch(&numbers, name, &[2]),
            Err(_) => Self::batch(coordinates, name, &[2]),
        }
    }

    /// Reads one point of a shape.
    ///
    /// # Errors
    /// Another data type or shape; numbers that are not finite.
    pub(crate) fn one(point: &Bound<'py, PyAny>, name: &str, shape: &[usize]) -> PyResult<Self> {
        let array = array_of(point, name)?;
        if array.shape() != shape {
            let help = match array.shape() {
                [1, rest @ ..] if rest == shape => format!("; take {name}[0]"),
                _ => String::new(),
            };
            return Err(input_error(format!(
                "{name} has shape {}, expected one point of shape {}{help}",
                extents(None, array.shape()),
                extents(None, shape)
            )));
        }
        Self::finite(&array, name)
    }

    fn finite(array: &Bound<'py, PyUntypedArray>, name: &str) -> PyResult<Self> {
        let rows = array.shape().first().copied().unwrap_or(1).max(1);
        let width = (array.len() / rows).max(1);
        let points = match array.cast::<PyArrayDyn<f32>>() {
            Ok(array) => Self::F32(array.readonly()),
            Err(_) => Self::F64(array.cast::<PyArrayDyn<f64>>()?.readonly()),
        };
        let bad = with_numbers!(points, numbers => first_bad(numbers));
        match bad {
            None => Ok(points),
            Some((index, value)) => Err(input_error(format!(
                "{name}[{}] contains {value}, expected finite numbers",
                index / width
            ))),
        }
    }

    /// Number of points of a shape.
    pub(crate) fn count(&self, shape: &[usize]) -> usize {
        let numbers = match self {
            Self::F32(array) => array.len(),
            Self::F64(array) => array.len(),
        };
        numbers / shape.iter().product::<usize>()
    }

    /// The numbers as f32, borrowed if they are f32 already.
    ///
    /// # Errors
    /// A number beyond the range of 32 bits. `name` is that of the argument.
    pub(crate) fn to_f32(&self, name: &str) -> PyResult<Cow<'_, [f32]>> {
        let array = match self {
            Self::F32(array) => return Ok(Cow::Borrowed(numbers(array)?)),
            Self::F64(array) => numbers(array)?,
        };
        let rounded: Vec<f32> = array.iter().map(|&number| number as f32).collect();
        match rounded.iter().position(|number| number.is_infinite()) {
            None => Ok(Cow::Owned(rounded)),
            Some(index) => Err(input_error(format!(
                "{name} contains {:e}, which is beyond the range of float32",
                array[index]
            ))),
        }
    }

    /// The numbers in 64 bits.
    pub(crate) fn to_f64(&self) -> PyResult<Vec<f64>> {
        Ok(match self {
            Self::F32(array) => numbers(array)?.iter().map(|&number| number.into()).collect(),
            Self::F64(array) => numbers(array)?.to_vec(),
        })
    }
}

/// The numbers of an array in row-major order.
pub(crate) fn numbers<'a, T: numpy::Element>(
    array: &'a PyReadonlyArrayDyn<'_, T>,
) -> PyResult<&'a [T]> {
    Ok(array.as_slice()?)
}

/// Position and value of the first number that is not finite.
fn first_bad<T: Number>(numbers: &[T]) -> Option<(usize, f64)> {
    let value = |number: &T| -> f64 { (*number).into() };
    // Reads a whole chunk without an early exit: the loop vectorises.
    let is_bad = |chunk: &[T]| chunk.iter().fold(false, |bad, x| bad | !value(x).is_finite());
    let start = CHUNK * numbers.par_chunks(CHUNK).position_first(is_bad)?;
    let index = start + numbers[start..].iter().position(|x| !value(x).is_finite())?;
    Some((index, value(&numbers[index])))
}

/// A C-contiguous numpy array of `float32` or `float64`.
fn array_of<'py>(points: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = points.py();
    let numpy = py.import(intern!(py, "numpy"))?;
    let array = to_numpy(points, name)?;
    let dtype = array.getattr(intern!(py, "dtype"))?;
    let kind: String = dtype.getattr(intern!(py, "kind"))?.extract()?;
    let size: usize = dtype.getattr(intern!(py, "itemsize"))?.extract()?;
    let format = match (kind.as_str(), size) {
        // Numbers of 16 bits are exact in 32 bits.
        ("f", 2 | 4) => "float32",
        ("f", 8) => "float64",
        _ => {
            let help = match kind.as_str() {
                "u" | "i" | "b" => {
                    format!("; scale it as the network expects, such as {name} / 255")
                }
                _ => String::new(),
            };
            return Err(input_error(format!(
                "{name} has dtype {}, expected float32 or float64{help}",
                dtype.str()?
            )));
        }
    };
    let arguments = (array, PyString::new(py, format));
    Ok(numpy.call_method1(intern!(py, "ascontiguousarray"), arguments)?.cast_into()?)
}

/// The points as a numpy array: arrays as they are, tensors of PyTorch without their gradient and
/// from any device, other objects through `__array__` or DLPack.
fn to_numpy<'py>(points: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = points.py();
    if let Ok(array) = points.cast::<PyUntypedArray>() {
        return Ok(array.clone());
    }
    let numpy = py.import(intern!(py, "numpy"))?;
    let has = |attribute: &str| points.hasattr(attribute).unwrap_or(false);
    let read = || {
        if has("detach") && has("cpu") {
            let tensor = points.call_method0(intern!(py, "detach"))?;
            let tensor = tensor.call_method0(intern!(py, "cpu"))?;
            // numpy has no bfloat16, whose numbers float32 holds exactly.
            let is_brain = tensor.getattr(intern!(py, "dtype"))?.to_string() == "torch.bfloat16";
            let tensor = if is_brain { tensor.call_method0(intern!(py, "float"))? } else { tensor };
            return tensor.call_method0(intern!(py, "numpy"));
        }
        let reader = if has("__dlpack__") && !has("__array__") { "from_dlpack" } else { "asarray" };
        numpy.call_method1(reader, (points,))
    };
    let array = read().map_err(|cause| {
        let kind = points.get_type();
        let error = input_error(format!("{name} of type {kind} is no array of numbers: {cause}"));
        error.set_cause(py, Some(cause));
        error
    })?;
    array.cast_into().map_err(|_| {
        let expected = PyUntypedArray::type_object(py);
        input_error(format!("{name} of type {} is no {expected}", points.get_type()))
    })
}

/// Whole numbers from 0, such as classes, `[count]`. `name` is that of the argument.
///
/// # Errors
/// Another number of them; numbers that are not whole or negative.
pub(crate) fn whole_numbers(
    numbers: &Bound<'_, PyAny>,
    count: usize,
    name: &str,
) -> PyResult<Vec<usize>> {
    let wrong = |found: String| {
        input_error(format!("{name}: found {found}, expected {count} whole numbers from 0"))
    };
    let array = to_numpy(numbers, name)?.call_method1("reshape", (-1,))?;
    let dtype = array.getattr("dtype")?;
    let kind: String = dtype.getattr("kind")?.extract()?;
    if !["i", "u"].contains(&kind.as_str()) {
        return Err(wrong(format!("dtype {dtype}")));
    }
    let array = array.call_method1("astype", ("int64",))?.cast_into::<PyArrayDyn<i64>>()?;
    if array.len() != count {
        return Err(wrong(format!("{} entries", array.len())));
    }
    let array = array.readonly();
    let number = |&number: &i64| usize::try_from(number).map_err(|_| wrong(number.to_string()));
    array.as_slice()?.iter().map(number).collect()
}

/// What to do about points of another shape.
fn help_for_batch(found: &[usize], name: &str, shape: &[usize]) -> String {
    let features: usize = shape.iter().product();
    let all: usize = found.iter().product();
    if found == shape {
        format!("; for one point take {name}[None]")
    } else if found.len() > 1 && all / found[0].max(1) == features {
        format!("; take {name}.reshape({})", extents(Some("-1"), shape).trim_matches(['[', ']']))
    } else {
        String::new()
    }
}

/// A shape as `[n, 1, 28, 28]`.
fn extents(first: Option<&str>, shape: &[usize]) -> String {
    let first = first.map(str::to_owned).into_iter();
    let all: Vec<String> = first.chain(shape.iter().map(ToString::to_string)).collect();
    format!("[{}]", all.join(", "))
}
