//! Lowering of arithmetic.

use burn::backend::ir::{
    BinaryOpIr, NumericOperationIr, OperationIr, PadModeIr, PadOpIr, TensorIr,
};

use super::operand::number;
use super::{
    LoweringContext, LoweringError, MIXES_POINTS, NOT_PIECEWISE_LINEAR, NOT_SUPPORTED, PRODUCT,
    STEPS, comparison, mask, reduce,
};
use crate::capture::context::CapturedValue;
use crate::capture::piecewise::PiecewiseAffine;
use crate::capture::rearrange::rearrange;

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &OperationIr,
    numeric: &NumericOperationIr,
) -> Result<(), LoweringError> {
    use NumericOperationIr as Ir;
    match numeric {
        operation if comparison::compares(operation) => comparison::compare(context, operation),
        _ if is_elementwise(numeric)
            && operation.inputs().any(|input| context.is_discontinuous(input)) =>
        {
            mask::arithmetic(context, numeric)
        }
        Ir::Sign(op) => mask::of_one(context, &op.input, &op.out, PiecewiseAffine::sign),
        Ir::Add(add) => sum(context, add, 1.0),
        Ir::Sub(sub) => sum(context, sub, -1.0),
        Ir::Mul(mul) => product(context, mul),
        Ir::Div(div) if context.is_constant(&div.rhs) => {
            scale(context, [&div.lhs, &div.rhs], &div.out, |divisor| 1.0 / divisor)
        }
        Ir::AddScalar(op) => line(context, &op.lhs, 1.0, number(op.rhs), &op.out),
        Ir::SubScalar(op) => line(context, &op.lhs, 1.0, -number(op.rhs), &op.out),
        Ir::MulScalar(op) => line(context, &op.lhs, number(op.rhs), 0.0, &op.out),
        Ir::DivScalar(op) => line(context, &op.lhs, 1.0 / number(op.rhs), 0.0, &op.out),
        Ir::Neg(op) => line(context, &op.input, -1.0, 0.0, &op.out),
        Ir::Abs(op) => absolute(context, &op.input, &op.out),
        Ir::Clamp(op) => clamp(context, &op.tensor, [op.min, op.max].map(number), &op.out),
        Ir::ClampMin(op) => clamp(context, &op.lhs, [number(op.rhs), f64::INFINITY], &op.out),
        Ir::ClampMax(op) => clamp(context, &op.lhs, [f64::NEG_INFINITY, number(op.rhs)], &op.out),
        Ir::SumDim(op) => reduce::sums(context, &op.input, &[op.axis], &op.out),
        Ir::SumDims(op) => reduce::sums(context, &op.input, &op.axes, &op.out),
        Ir::MeanDim(op) => {
            let mean = |length: usize| vec![vec![1.0 / length as f64; length]];
            reduce::along(context, "mean", &op.input, op.axis, mean, &op.out)
        }
        Ir::CumSum(op) => {
            let sums = |length: usize| {
                let row = |end| (0..length).map(|at| f64::from(at <= end)).collect();
                (0..length).map(row).collect()
            };
            reduce::along(context, "running sum", &op.input, op.axis, sums, &op.out)
        }
        Ir::MaxDim(op) => reduce::extreme(context, &op.input, op.axis, 1.0, &op.out),
        Ir::MinDim(op) => reduce::extreme(context, &op.input, op.axis, -1.0, &op.out),
        Ir::MaxDimWithIndices(op) => reduce::extreme(context, &op.tensor, op.dim, 1.0, &op.out),
        Ir::MinDimWithIndices(op) => reduce::extreme(context, &op.tensor, op.dim, -1.0, &op.out),
        Ir::MaxAbsDim(op) => {
            let value = context.value(&op.input)?;
            let value = magnitude(context, &value);
            reduce::extreme_of(context, &value, (&op.input, op.axis), 1.0, &op.out)
        }
        Ir::Pad(padding) => pad(context, operation, padding),
        Ir::Mean(_) | Ir::Sum(_) | Ir::Max(_) | Ir::Min(_) | Ir::MaxAbs(_) => {
            Err(MIXES_POINTS.into())
        }
        Ir::Rem(_)
        | Ir::RemScalar(_)
        | Ir::ArgMax(_)
        | Ir::ArgMin(_)
        | Ir::ArgTopK(_)
        | Ir::ArgSort(_) => Err(STEPS.into()),
        _ if is_not_piecewise_linear(numeric) => Err(NOT_PIECEWISE_LINEAR.into()),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

/// Whether an operation is not piecewise linear, as opposed to not supported.
fn is_not_piecewise_linear(operation: &NumericOperationIr) -> bool {
    use NumericOperationIr as Ir;
    matches!(
        operation,
        Ir::Div(_)
            | Ir::Prod(_)
            | Ir::ProdDim(_)
            | Ir::CumProd(_)
            | Ir::Powi(_)
            | Ir::PowiScalar(_)
    )
}

/// Whether an operation can be applied elementwise to discontinuous functions.
fn is_elementwise(operation: &NumericOperationIr) -> bool {
    use NumericOperationIr as Ir;
    matches!(
        operation,
        Ir::Add(_)
            | Ir::Sub(_)
            | Ir::Mul(_)
            | Ir::AddScalar(_)
            | Ir::SubScalar(_)
            | Ir::MulScalar(_)
            | Ir::DivScalar(_)
            | Ir::Div(_)
            | Ir::Clamp(_)
            | Ir::ClampMin(_)
            | Ir::ClampMax(_)
            | Ir::Neg(_)
            | Ir::Abs(_)
            | Ir::Sign(_)
    )
}

/// `lhs + sign * rhs`; one of them may be constant.
fn sum(
    context: &mut LoweringContext,
    operands: &BinaryOpIr,
    sign: f64,
) -> Result<(), LoweringError> {
    let BinaryOpIr { lhs, rhs, out } = operands;
    let value = if context.is_constant(rhs) {
        let value = context.value_like(lhs, out)?;
        let offset = context.broadcast(rhs, out)?.into_iter().map(|offset| sign * offset);
        // Zeros too: they are the bias of an untrained layer, which training changes.
        context.elementwise_affine(&value, None, Some(offset.collect()))
    } else if context.is_constant(lhs) {
        let value = context.value_like(rhs, out)?;
        let offset = context.broadcast(lhs, out)?;
        let value = context.scaled(&value, vec![sign; value.features()]);
        context.elementwise_affine(&value, None, Some(offset))
    } else {
        let (left, right) = (context.value_like(lhs, out)?, context.value_like(rhs, out)?);
        let right = context.scaled(&right, vec![sign; right.features()]);
        context.sum(&left, &right)
    };
    context.define(out, value)
}

fn product(context: &mut LoweringContext, operands: &BinaryOpIr) -> Result<(), LoweringError> {
    let BinaryOpIr { lhs, rhs, out } = operands;
    match (context.is_constant(lhs), context.is_constant(rhs)) {
        (_, true) => scale(context, [lhs, rhs], out, |factor| factor),
        (true, _) => scale(context, [rhs, lhs], out, |factor| factor),
        _ => Err(PRODUCT.into()),
    }
}

/// A value multiplied by a function of a constant.
fn scale(
    context: &mut LoweringContext,
    [value, constant]: [&TensorIr; 2],
    out: &TensorIr,
    f: impl Fn(f64) -> f64,
) -> Result<(), LoweringError> {
    let value = context.value_like(value, out)?;
    let factor = context.broadcast(constant, out)?.into_iter().map(f).collect();
    let value = context.elementwise_affine(&value, Some(factor), None);
    context.define(out, value)
}

/// `factor * value + offset`
fn line(
    context: &mut LoweringContext,
    input: &TensorIr,
    factor: f64,
    offset: f64,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(input)?;
    let all = |number| vec![number; value.features()];
    let scaled = context.scaled(&value, all(factor));
    let value = context.shifted(&scaled, all(offset));
    context.define(out, value)
}

fn absolute(
    context: &mut LoweringContext,
    input: &TensorIr,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(input)?;
    let value = magnitude(context, &value);
    context.define(out, value)
}

/// `|x| = relu(x) + relu(-x)`
fn magnitude(context: &mut LoweringContext, value: &CapturedValue) -> CapturedValue {
    let minus = context.negated(value);
    let (positive, negative) = (context.relu(value), context.relu(&minus));
    context.sum(&positive, &negative)
}

/// Clamping at both limits, or at one limit if the other is infinite.
fn clamp(
    context: &mut LoweringContext,
    input: &TensorIr,
    [floor, ceiling]: [f64; 2],
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(input)?;
    let all = |number: f64| vec![number; value.features()];
    let value = match (floor.is_finite(), ceiling.is_finite()) {
        (true, true) if floor > ceiling => {
            return Err(
                format!("a clamp with a floor of {floor} above its ceiling of {ceiling}").into()
            );
        }
        (true, true) => context.between(&value, floor, ceiling),
        (true, false) => context.at_least(&value, all(floor)),
        (false, true) => context.at_most(&value, all(ceiling)),
        (false, false) => value,
    };
    context.define(out, value)
}

/// Padding with numbers. Padding of planes with minus infinity is deferred to the max pooling after
/// it: Burn records it before a max pooling with asymmetric padding.
fn pad(
    context: &mut LoweringContext,
    operation: &OperationIr,
    pad: &PadOpIr,
) -> Result<(), LoweringError> {
    match &pad.mode {
        PadModeIr::Constant(filler) if number(*filler) == f64::NEG_INFINITY => {
            let value = context.value(&pad.input)?;
            let (_, piece) = context.pieces(&value, &pad.input)?;
            let axes = pad.padding.len();
            let [around, planes] = [&pad.padding[..axes.min(2)], &pad.padding[axes.min(2)..]];
            let padding = match planes {
                [down, across] if piece.len() == 3 => [*down, *across],
                [across] if piece.len() == 2 => [(0, 0), *across],
                _ => return Err(NOT_SUPPORTED.into()),
            };
            if around.iter().any(|&padding| padding != (0, 0)) {
                return Err(NOT_SUPPORTED.into());
            }
            context.pad(value, padding, &pad.out);
            Ok(())
        }
        _ => rearrange(context, "pad", operation),
    }
}
