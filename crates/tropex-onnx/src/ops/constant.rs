//! Values that do not depend on the numbers of the input.

use crate::constant::{HostTensor, NumberKind};
use crate::decode::decode;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, extents};
use crate::proto;

/// `Constant`, from the attribute that contains the value.
pub(super) fn constant(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let reader = &args.attributes;
    if let Some(tensor) = tensor(args, "value")? {
        return Ok(decode(tensor, args.folder)?.into());
    }
    let whole = |numbers: &[i64]| HostTensor::integers(numbers.iter().copied());
    let floats = |numbers: &[f32]| {
        let numbers: Vec<f64> = numbers.iter().map(|&number| f64::from(number)).collect();
        HostTensor::new(vec![numbers.len()], numbers, NumberKind::Float)
    };
    let number =
        reader.float("value_float")?.map(|number| HostTensor::scalar(number, NumberKind::Float));
    let integer = reader.int("value_int")?;
    let integer = integer.map(|number| HostTensor::scalar(number as f64, NumberKind::Int));
    let found = number
        .or(integer)
        .or(reader.floats("value_floats")?.map(floats))
        .or(reader.ints("value_ints")?.map(whole));
    found.map(OpOutputs::from).ok_or_else(|| "it holds no numbers (text or a sparse tensor)".into())
}

fn tensor<'a>(
    args: &'a OpArgs,
    name: &'static str,
) -> Result<Option<&'a proto::TensorProto>, OpError> {
    match args.attributes.find(name) {
        None => Ok(None),
        Some(attribute) => match &attribute.tensor {
            Some(tensor) => Ok(Some(tensor)),
            None => Err(format!("its attribute `{name}` is no tensor").into()),
        },
    }
}

/// `ConstantOfShape`: all entries have one number.
pub(super) fn constant_of_shape(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = extents(&args.integers(0)?)?;
    args.allow(&shape)?;
    let filler = match tensor(args, "value")? {
        Some(tensor) => decode(tensor, args.folder)?,
        None => HostTensor::scalar(0.0, NumberKind::Float),
    };
    let [number] = filler.numbers[..] else {
        return Err("its `value` is not one number".into());
    };
    let numbers = vec![number; shape.iter().product()];
    Ok(HostTensor::new(shape, numbers, filler.kind).into())
}

/// `Shape`, or since version 15 a range of it.
pub(super) fn shape(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let rank = shape.len() as i64;
    let at = |name, otherwise| -> Result<usize, OpError> {
        let number = args.attributes.int(name)?.unwrap_or(otherwise);
        let number = if number < 0 { number.saturating_add(rank) } else { number };
        Ok(number.clamp(0, rank) as usize)
    };
    let (start, end) = (at("start", 0)?, at("end", rank)?);
    let range = shape.get(start..end).unwrap_or_default();
    Ok(HostTensor::integers(range.iter().map(|&extent| extent as i64)).into())
}

pub(super) fn size(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let count: usize = args.shape(0)?.iter().product();
    Ok(HostTensor::scalar(count as f64, NumberKind::Int).into())
}

pub(super) fn range(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let number = |index| args.constant(index)?.number();
    let (start, limit, step) = (number(0)?, number(1)?, number(2)?);
    let count = ((limit - start) / step).ceil().max(0.0);
    if !count.is_finite() {
        return Err(format!("no range leads from {start} to {limit} in steps of {step}").into());
    }
    let count = count.min(f64::from(u32::MAX)) as usize;
    args.allow(&[count])?;
    let kind = args.constant(0)?.kind;
    let numbers = (0..count).map(|index| start + index as f64 * step).collect();
    Ok(HostTensor::new(vec![count], numbers, kind).into())
}
