//! Sums, means and maxima along an axis.

use burn::backend::ir::TensorIr;

use super::{Context, Refusal};
use crate::capture::context::Value;
use crate::ops::{MaxPool2d, Separable};

/// The axis of `input` multiplied by `weights[output][input]`.
pub(super) fn along(
    context: &mut Context,
    name: &'static str,
    input: &TensorIr,
    axis: usize,
    weights: impl Fn(usize) -> Vec<Vec<f64>>,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(input)?;
    let planes = context.around(&value, input, axis)?;
    let weights = weights(planes[1]);
    let detail = format!("axis {axis}");
    let op = Separable::new(name, detail, planes, [Some(weights), None], &context.target);
    context.emit(op, &value, out, None)
}

/// Sums along several axes, one after the other.
pub(super) fn sums(
    context: &mut Context,
    input: &TensorIr,
    axes: &[usize],
    out: &TensorIr,
) -> Result<(), Refusal> {
    let mut value = context.value(input)?;
    for &axis in axes {
        let planes = context.around(&value, input, axis)?;
        let (detail, ones) = (format!("axis {axis}"), vec![vec![1.0; planes[1]]]);
        let op = Separable::new("sum", detail, planes, [Some(ones), None], &context.target);
        let mut shape = value.shape.clone();
        shape[context.value_axis(&value, input, axis)?] = 1;
        value = context.push(op, &[&value], shape, None);
    }
    context.define(out, value)
}

/// The largest entry along an axis, the first on ties; `sign` -1 for the smallest.
pub(super) fn extreme(
    context: &mut Context,
    input: &TensorIr,
    axis: usize,
    sign: f64,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(input)?;
    extreme_of(context, &value, (input, axis), sign, out)
}

/// The same of a value that is made of a recorded tensor, entry by entry.
pub(super) fn extreme_of(
    context: &mut Context,
    value: &Value,
    (input, axis): (&TensorIr, usize),
    sign: f64,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let planes = context.around(value, input, axis)?;
    let shape = context.point_shape(out)?;
    let largest = |context: &mut Context, value: &Value| {
        context.push(MaxPool2d::over_axis(planes), &[value], shape.clone(), None)
    };
    let value = if sign > 0.0 {
        largest(context, value)
    } else {
        let negated = context.negated(value);
        let negated = largest(context, &negated);
        context.negated(&negated)
    };
    context.define(out, value)
}
