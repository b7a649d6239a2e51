//! Arithmetic.

use burn::backend::ir::{BinaryOpIr, NumericOperationIr, PadModeIr, PadOpIr, ScalarIr, TensorIr};
use burn::tensor::TensorData;

use super::{Context, NOT_SUPPORTED, Refusal, planes};
use crate::capture::context::Value;
use crate::ops::{Add, AxisWeights, Diagonal, Resample2d};

pub(super) fn lower(context: &mut Context, operation: &NumericOperationIr) -> Result<(), Refusal> {
    use NumericOperationIr as Ir;
    match operation {
        Ir::Add(add) => sum(context, add, 1.0),
        Ir::Sub(sub) => sum(context, sub, -1.0),
        Ir::Mul(mul) => product(context, mul),
        Ir::Div(div) if context.is_constant(&div.rhs) => {
            let divisor = context.constant(&div.rhs)?.clone();
            scale(context, &div.lhs, &divisor, &div.out, |divisor| 1.0 / divisor)
        }
        Ir::AddScalar(add) => offset_by(context, &add.lhs, number(add.rhs), &add.out),
        Ir::SubScalar(sub) => offset_by(context, &sub.lhs, -number(sub.rhs), &sub.out),
        Ir::MulScalar(mul) => scale_by(context, &mul.lhs, number(mul.rhs), &mul.out),
        Ir::DivScalar(div) => scale_by(context, &div.lhs, 1.0 / number(div.rhs), &div.out),
        Ir::Neg(neg) => scale_by(context, &neg.input, -1.0, &neg.out),
        Ir::Pad(padding) => pad(context, padding),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

fn number(scalar: ScalarIr) -> f64 {
    scalar.elem()
}

/// `lhs + sign * rhs`, either side constant or not.
fn sum(context: &mut Context, operands: &BinaryOpIr, sign: f64) -> Result<(), Refusal> {
    let BinaryOpIr { lhs, rhs, out } = operands;
    if context.is_constant(rhs) {
        let constant = context.constant(rhs)?.clone();
        return offset(context, lhs, &constant, out, |value| sign * value, None);
    }
    if context.is_constant(lhs) {
        let constant = context.constant(lhs)?.clone();
        return offset(context, rhs, &constant, out, |value| value, Some(sign));
    }
    let (left, right) = (context.value(lhs)?, context.value(rhs)?);
    if left.shape != right.shape {
        return Err(format!(
            "branches of different shapes {:?} and {:?} are not supported; expand them first",
            left.shape, right.shape
        ));
    }
    let right = if sign == 1.0 { right } else { scaled(context, &right, sign) };
    context.emit(Add, &[&left, &right], out, None)
}

fn scaled(context: &mut Context, value: &Value, factor: f64) -> Value {
    let factor = filled(value, factor);
    let op = Diagonal::new(Some(factor), None, &context.placement);
    context.push(op, &[value], value.shape.clone(), None)
}

/// `factor * value + f(constant)`.
fn offset(
    context: &mut Context,
    value: &TensorIr,
    constant: &TensorData,
    out: &TensorIr,
    f: impl Fn(f64) -> f64,
    factor: Option<f64>,
) -> Result<(), Refusal> {
    let layer = None;
    let value = context.value(value)?;
    let offset = spread(constant, &value.shape, f)?;
    let factor = factor.filter(|&factor| factor != 1.0).map(|factor| filled(&value, factor));
    let op = Diagonal::new(factor, Some(offset), &context.placement);
    context.emit(op, &[&value], out, layer)
}

fn product(context: &mut Context, operands: &BinaryOpIr) -> Result<(), Refusal> {
    let BinaryOpIr { lhs, rhs, out } = operands;
    let (constant, value) = match (context.is_constant(lhs), context.is_constant(rhs)) {
        (_, true) => (rhs, lhs),
        (true, _) => (lhs, rhs),
        _ => {
            return Err("a product of two values that depend on the input is not piecewise \
                         linear"
                .into());
        }
    };
    let constant = context.constant(constant)?.clone();
    scale(context, value, &constant, out, |factor| factor)
}

fn scale(
    context: &mut Context,
    value: &TensorIr,
    constant: &TensorData,
    out: &TensorIr,
    f: impl Fn(f64) -> f64,
) -> Result<(), Refusal> {
    let value = context.value(value)?;
    let factor = spread(constant, &value.shape, f)?;
    let op = Diagonal::new(Some(factor), None, &context.placement);
    context.emit(op, &[&value], out, None)
}

fn offset_by(
    context: &mut Context,
    value: &TensorIr,
    offset: f64,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(value)?;
    let op = Diagonal::new(None, Some(filled(&value, offset)), &context.placement);
    context.emit(op, &[&value], out, None)
}

fn scale_by(
    context: &mut Context,
    value: &TensorIr,
    factor: f64,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(value)?;
    let op = Diagonal::new(Some(filled(&value, factor)), None, &context.placement);
    context.emit(op, &[&value], out, None)
}

/// Padding of planes with zeros, or with minus infinity, which Burn puts before a max pooling whose
/// padding is not symmetric.
fn pad(context: &mut Context, pad: &PadOpIr) -> Result<(), Refusal> {
    let PadModeIr::Constant(filler) = &pad.mode else { return Err(NOT_SUPPORTED.into()) };
    let [(0, 0), (0, 0), down, across] = pad.padding.as_slice() else {
        return Err(
            "only the two last axes of [points, channels, height, width] can be padded".into()
        );
    };
    let (value, input) = planes(context.value(&pad.input)?)?;
    let padding = [*down, *across];
    match number(*filler) {
        f64::NEG_INFINITY => {
            context.pad(value, padding, &pad.out);
            Ok(())
        }
        0.0 => {
            let weights = [0, 1].map(|axis| shifted_identity(input[axis + 1], padding[axis]));
            let detail = format!("{down:?} x {across:?}");
            let op = Resample2d::new("pad", detail, input[0], weights, &context.placement);
            context.emit(op, &[&value], &pad.out, None)
        }
        filler => Err(format!("padding with {filler} is not supported, only with 0")),
    }
}

/// Each cell as it is, with cells of zero before and after.
fn shifted_identity(extent: usize, (begin, end): (usize, usize)) -> AxisWeights {
    let row = |output: usize| {
        (0..extent).map(|input| if input + begin == output { 1.0 } else { 0.0 }).collect()
    };
    (0..begin + extent + end).map(row).collect()
}

fn filled(value: &Value, number: f64) -> TensorData {
    let features = value.shape.iter().product();
    TensorData::new(vec![number; features], [1, features])
}

/// A constant broadcast to the shape of one point, `[1, features]`.
fn spread(
    constant: &TensorData,
    shape: &[usize],
    f: impl Fn(f64) -> f64,
) -> Result<TensorData, Refusal> {
    let extents = constant.shape().to_vec();
    let refused = || {
        format!(
            "a constant of shape {extents:?} does not fit one point of shape {shape:?}, or \
             differs from point to point"
        )
    };
    let surplus = extents.len().saturating_sub(shape.len());
    let (ones, extents_kept) = extents.split_at(surplus);
    let missing = shape.len() - extents_kept.len();
    let fits = |(&extent, &target): (&usize, &usize)| extent == 1 || extent == target;
    if ones.iter().any(|&one| one != 1) || !extents_kept.iter().zip(&shape[missing..]).all(fits) {
        return Err(refused());
    }
    let source: Vec<f64> = constant.iter().collect();
    let features: usize = shape.iter().product();
    let value_at = |feature: usize| {
        let (mut rest, mut position, mut step) = (feature, 0, 1);
        for (&target, &extent) in shape[missing..].iter().zip(extents_kept).rev() {
            position += if extent == 1 { 0 } else { rest % target * step };
            rest /= target;
            step *= extent;
        }
        f(source[position])
    };
    Ok(TensorData::new((0..features).map(value_at).collect::<Vec<_>>(), [1, features]))
}
