//! Sums, means, maxima and minima along axes.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use crate::array::Array;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, axes, axis};

pub(super) fn sum(args: &OpArgs) -> Result<OpOutputs, OpError> {
    reduced(args, args.array(0)?, Array::sum)
}

pub(super) fn mean(args: &OpArgs) -> Result<OpOutputs, OpError> {
    reduced(args, args.array(0)?, Array::mean)
}

pub(super) fn max(args: &OpArgs) -> Result<OpOutputs, OpError> {
    reduced(args, args.array(0)?, Array::largest)
}

pub(super) fn min(args: &OpArgs) -> Result<OpOutputs, OpError> {
    reduced(args, args.array(0)?, Array::smallest)
}

/// `ReduceL1`, the sum of absolute values.
pub(super) fn l1(args: &OpArgs) -> Result<OpOutputs, OpError> {
    reduced(args, args.array(0)?.through(Dispatch::float_abs)?, Array::sum)
}

/// Reduces along the axes of an attribute, or of an input in newer versions. Without axes, reduces
/// along all axes, unless `noop_with_empty_axes` is set.
fn reduced(
    args: &OpArgs,
    array: Array,
    reduce: fn(Array, usize) -> Result<Array, OpError>,
) -> Result<OpOutputs, OpError> {
    let keeps_axes = args.attributes.int("keepdims")?.unwrap_or(1) != 0;
    let does_nothing = args.flag("noop_with_empty_axes")?;
    let shape = array.shape();
    let along = match args.integers_or_attribute(1, "axes")? {
        Some(numbers) if !numbers.is_empty() => axes(&numbers, shape.len())?,
        _ if does_nothing => return Ok(array.into()),
        _ => (0..shape.len()).collect(),
    };
    let reduced = along.iter().try_fold(array, |array, &axis| reduce(array, axis))?;
    if keeps_axes {
        return Ok(reduced.into());
    }
    let left: Vec<usize> =
        (0..shape.len()).filter(|axis| !along.contains(axis)).map(|axis| shape[axis]).collect();
    Ok(reduced.reshape(&left)?.into())
}

/// `CumSum`: running sums along an axis, from either end, with or without the entry itself.
pub(super) fn cumulative_sum(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let (is_exclusive, is_reversed) = (args.flag("exclusive")?, args.flag("reverse")?);
    let array = args.array(0)?;
    let shape = array.shape();
    let along = axis(args.constant(1)?.number()? as i64, shape.len())?;
    let extent = shape[along];
    args.allow(&[extent, extent])?;
    let counts = |from: usize, to: usize| match is_reversed {
        false => from < to || (from == to && !is_exclusive),
        true => from > to || (from == to && !is_exclusive),
    };
    let row = |to| (0..extent).map(|from| f64::from(counts(from, to))).collect();
    let kind = array.kind;
    Ok(array.mix(along, &(0..extent).map(row).collect::<Vec<_>>())?.with_kind(kind).into())
}
