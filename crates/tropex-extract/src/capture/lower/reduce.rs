//! Lowering of sums, means and maxima along an axis.

use burn::backend::ir::TensorIr;

use super::{LoweringContext, LoweringError};
use crate::capture::context::CapturedValue;
use crate::ops::{MaxPool2d, Separable};

/// Multiplies an axis of `input` by `weights[output][input]`.
pub(super) fn along(
    context: &mut LoweringContext,
    name: &'static str,
    input: &TensorIr,
    axis: usize,
    weights: impl Fn(usize) -> Vec<Vec<f64>>,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(input)?;
    let planes = context.extents_around(&value, input, axis)?;
    let weights = weights(planes[1]);
    let detail = format!("axis {axis}");
    let op = Separable::new(name, detail, planes, [Some(weights), None], &context.target);
    context.emit(op, &value, out, None)
}

/// Sums along several axes.
pub(super) fn sums(
    context: &mut LoweringContext,
    input: &TensorIr,
    axes: &[usize],
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let mut value = context.value(input)?;
    for &axis in axes {
        let planes = context.extents_around(&value, input, axis)?;
        let (detail, ones) = (format!("axis {axis}"), vec![vec![1.0; planes[1]]]);
        let op = Separable::new("sum", detail, planes, [Some(ones), None], &context.target);
        let mut shape = value.shape.clone();
        shape[context.value_axis(&value, input, axis)?] = 1;
        value = context.push(op, &[&value], shape, None);
    }
    context.define(out, value)
}

/// The largest entry along an axis for `sign` 1, the smallest for -1. The first entry wins a tie.
pub(super) fn extreme(
    context: &mut LoweringContext,
    input: &TensorIr,
    axis: usize,
    sign: f64,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(input)?;
    extreme_of(context, &value, (input, axis), sign, out)
}

/// [`extreme`] of a value with the shape of a recorded tensor.
pub(super) fn extreme_of(
    context: &mut LoweringContext,
    value: &CapturedValue,
    (input, axis): (&TensorIr, usize),
    sign: f64,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let planes = context.extents_around(value, input, axis)?;
    let shape = context.point_shape(out)?;
    let largest = |context: &mut LoweringContext, value: &CapturedValue| {
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
