//! Options that callers name.

use std::str::FromStr;

use pyo3::prelude::*;
use tropex_extract::{Classes, Precision};

use crate::errors::input_error;

/// The value of an option by its name.
///
/// # Errors
/// An unknown name.
pub(crate) fn by_name<T: FromStr<Err: ToString>>(name: &str) -> PyResult<T> {
    name.parse().map_err(|error: T::Err| input_error(error.to_string()))
}

/// Reads `"f32"` or `"f64"`, or a type of numpy such as `numpy.float64`.
///
/// # Errors
/// Anything else.
pub(crate) fn precision_of(precision: Option<&Bound<'_, PyAny>>) -> PyResult<Precision> {
    let Some(precision) = precision else { return Ok(Precision::F32) };
    let dtype = || -> PyResult<String> {
        let numpy = precision.py().import("numpy")?;
        numpy.call_method1("dtype", (precision,))?.getattr("name")?.extract()
    };
    match precision.extract::<String>() {
        Ok(name) if ["f32", "f64"].contains(&name.as_str()) => by_name(&name),
        name => match dtype().as_deref() {
            Ok("float32") => Ok(Precision::F32),
            Ok("float64") => Ok(Precision::F64),
            _ => by_name(&name.unwrap_or_else(|_| precision.to_string())),
        },
    }
}

/// The classes that a caller asked for: one term per point, or one for each of these classes.
#[derive(Clone, Debug)]
pub(crate) enum ClassChoice {
    /// One term per point.
    Single(Classes),
    /// The terms of all classes.
    All,
    /// The terms of some classes, in this order.
    List(Vec<usize>),
}

impl ClassChoice {
    /// Reads `"predicted"` (the default), `"all"`, a class or a list of classes of a network.
    ///
    /// # Errors
    /// Anything else; a class that the network does not have.
    pub(crate) fn of(classes: Option<&Bound<'_, PyAny>>, count: usize) -> PyResult<Self> {
        let Some(classes) = classes else { return Ok(Self::Single(Classes::Predicted)) };
        let wrong = || {
            let found = classes.repr().map_or_else(|_| "?".into(), |text| text.to_string());
            input_error(format!(
                "classes is {found}, expected \"predicted\", \"all\", a class from 0 to {} or a \
                 list of them",
                count - 1
            ))
        };
        let known = |class: isize| usize::try_from(class).ok().filter(|&class| class < count);
        if let Ok(name) = classes.extract::<String>() {
            return match name.as_str() {
                "predicted" => Ok(Self::Single(Classes::Predicted)),
                "all" => Ok(Self::All),
                _ => Err(wrong()),
            };
        }
        if let Ok(class) = classes.extract::<isize>() {
            return known(class).map(|class| Self::Single(Classes::One(class))).ok_or_else(wrong);
        }
        // A tensor is no sequence of integers.
        let listed = classes.call_method0("tolist").unwrap_or_else(|_| classes.clone());
        let listed = listed.extract::<Vec<isize>>().map_err(|_| wrong())?;
        let listed: Option<Vec<usize>> = listed.into_iter().map(known).collect();
        listed.filter(|listed| !listed.is_empty()).map(Self::List).ok_or_else(wrong)
    }

    /// The classes as the engine extracts them, one after the other.
    pub(crate) fn passes(&self) -> Vec<Classes> {
        match self {
            Self::Single(classes) => vec![*classes],
            Self::All => vec![Classes::All],
            Self::List(listed) => listed.iter().map(|&class| Classes::One(class)).collect(),
        }
    }

    /// Number of terms per point; `None` if terms have no axis of classes.
    pub(crate) fn axis(&self, count: usize) -> Option<usize> {
        match self {
            Self::Single(_) => None,
            Self::All => Some(count),
            Self::List(listed) => Some(listed.len()),
        }
    }
}
