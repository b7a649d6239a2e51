//! The class `LinearTerms`.

use numpy::{PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use tropex_extract::{Cancelled, Error, Network, Precision};

use crate::batches::{Batches, numbers_of};
use crate::choices::ClassChoice;
use crate::points::{Number, Points, with_numbers};
use crate::work::{Watch, detached};

/// Linear terms of points: coefficients and biases of affine functions.
///
/// Around a point ``x[i]`` the logit of its class is
/// ``(coefficients[i] * x[i]).sum() + bias[i]``.
#[pyclass(module = "tropex", frozen, get_all)]
pub(crate) struct LinearTerms {
    /// ndarray of shape (n, *input_shape) or (n, C, *input_shape): The coefficients, in the
    /// precision that was asked for. `C` is the number of classes that were asked for, if these
    /// are ``"all"`` or a list.
    coefficients: Py<PyAny>,
    /// ndarray of shape (n,) or (n, C): The biases.
    bias: Py<PyAny>,
    /// ndarray of shape (n,), int64: The class that the network predicts at each point.
    predicted: Py<PyArray1<i64>>,
}

#[pymethods]
impl LinearTerms {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.predicted.bind(py).len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let coefficients = self.coefficients.bind(py);
        let (shape, dtype) = (coefficients.getattr("shape")?, coefficients.getattr("dtype")?);
        Ok(format!("<tropex.LinearTerms: coefficients {shape} in {dtype}>"))
    }
}

/// Computes the terms of points.
///
/// # Errors
/// A coefficient that is not finite; a signal of Python.
pub(crate) fn compute(
    py: Python<'_>,
    network: &Network,
    points: &Points<'_>,
    classes: &ClassChoice,
) -> PyResult<LinearTerms> {
    with_numbers!(points, numbers => match network.target().precision() {
        Precision::F32 => fill::<_, f32>(py, network, numbers, classes),
        Precision::F64 => fill::<_, f64>(py, network, numbers, classes),
    })
}

fn fill<P: Number, T: Number>(
    py: Python<'_>,
    network: &Network,
    points: &[P],
    classes: &ClassChoice,
) -> PyResult<LinearTerms> {
    let count = points.len() / network.features();
    let per_point = classes.axis(network.classes());
    let shape: Vec<usize> = [count].into_iter().chain(per_point).collect();
    let bias = PyArrayDyn::<T>::zeros(py, shape.clone(), false);
    let coefficients = [&shape, network.input_shape()].concat();
    let coefficients = PyArrayDyn::<T>::zeros(py, coefficients, false);
    let predicted = PyArray1::<i64>::zeros(py, count, false);
    {
        let mut writer = (coefficients.readwrite(), bias.readwrite(), predicted.readwrite());
        let mut output = TermArrays {
            per_point: per_point.unwrap_or(1),
            features: network.features(),
            coefficients: writer.0.as_slice_mut()?,
            biases: writer.1.as_slice_mut()?,
            predicted: writer.2.as_slice_mut()?,
        };
        detached(py, |watch| output.fill(network, points, classes, watch))?;
    }
    let predicted = predicted.unbind();
    let [coefficients, bias] = [coefficients, bias].map(|array| array.into_any().unbind());
    Ok(LinearTerms { coefficients, bias, predicted })
}

/// The arrays of a result.
struct TermArrays<'a, T> {
    /// Number of terms per point.
    per_point: usize,
    features: usize,
    coefficients: &'a mut [T],
    biases: &'a mut [T],
    predicted: &'a mut [i64],
}

impl<T: Number> TermArrays<'_, T> {
    fn fill<P: Number>(
        &mut self,
        network: &Network,
        points: &[P],
        classes: &ClassChoice,
        watch: &Watch,
    ) -> Result<(), Error> {
        let passes = classes.passes();
        for batch in Batches::new(network, self.predicted.len(), self.per_point) {
            for (slot, &classes) in passes.iter().enumerate() {
                Cancelled::check(watch.look())?;
                let own = numbers_of(&batch, points, self.features);
                let terms = network.linear_terms(own, classes)?;
                let slot = (passes.len() > 1).then_some(slot);
                self.write(batch.start, slot, &terms)?;
            }
        }
        Ok(())
    }

    /// Writes the terms of a batch whose first point is `first`: all terms of a point, or the one
    /// in a slot.
    fn write(
        &mut self,
        first: usize,
        slot: Option<usize>,
        terms: &tropex_extract::LinearTerms,
    ) -> Result<(), Error> {
        let span = |width: usize| first * width..(first + terms.len()) * width;
        let predicted = self.predicted[span(1)].iter_mut().zip(terms.predicted());
        predicted.for_each(|(into, &class)| *into = class as i64);
        let coefficients = &mut self.coefficients[span(self.per_point * self.features)];
        let biases = &mut self.biases[span(self.per_point)];
        let Some(slot) = slot else { return terms.copy_to(coefficients, biases) };
        let mut own =
            (vec![T::default(); terms.len() * self.features], vec![T::default(); terms.len()]);
        terms.copy_to(&mut own.0, &mut own.1)?;
        let rows = coefficients.chunks_exact_mut(self.features).skip(slot).step_by(self.per_point);
        rows.zip(own.0.chunks_exact(self.features)).for_each(|(row, own)| row.copy_from_slice(own));
        let into = biases.iter_mut().skip(slot).step_by(self.per_point);
        into.zip(own.1).for_each(|(bias, own)| *bias = own);
        Ok(())
    }
}
