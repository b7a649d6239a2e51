//! Lowering of masks, selections by masks, and arithmetic with masks and discontinuous functions.
//!
//! `mask_where` selects one of two values by the sign of a third value. If the difference of the
//! two is a multiple of the third, the result is their maximum or minimum. If all three are
//! elementwise functions of one value, the result is too; it becomes a value if it is continuous.

use burn::backend::ir::{
    BoolOperationIr, MaskFillOpIr, MaskWhereOpIr, NumericOperationIr, ScalarOpIr, TensorIr,
};

use super::operand::{Operand, mask_like, number};
use super::{LoweringContext, LoweringError, NOT_SEEN, STEPS};
use crate::capture::context::CapturedValue;
use crate::capture::elementwise_function::ElementwiseFunction;
use crate::capture::form::LinearForm;
use crate::capture::mask::Mask;
use crate::capture::piecewise::PiecewiseAffine;
use crate::network::ValueId;

/// Lowering of operations on masks.
pub(super) fn bool(
    context: &mut LoweringContext,
    operation: &BoolOperationIr,
) -> Result<(), LoweringError> {
    use BoolOperationIr as Ir;
    type Pair = fn([&PiecewiseAffine; 2]) -> Option<PiecewiseAffine>;
    let (pair, function): (_, Pair) = match operation {
        // Arithmetic reads masks as zeros and ones.
        Ir::IntoFloat(cast) => {
            context.set_alias(&cast.out, &cast.input);
            return Ok(());
        }
        Ir::IntoInt(_) => return Err(STEPS.into()),
        Ir::Not(not) => {
            let mask = mask_like(context, &not.input, &not.out)?;
            context.set_mask(&not.out, mask.negated());
            return Ok(());
        }
        Ir::And(pair) => (pair, |[left, right]| left.times(right)),
        Ir::Or(pair) => (pair, |[left, right]| left.maximum(right)),
        Ir::Xor(pair) => (pair, |[left, right]| {
            let difference = left.plus(-1.0, right)?;
            difference.maximum(&difference.scaled(-1.0))
        }),
    };
    let left = mask_like(context, &pair.lhs, &pair.out)?.function();
    let right = mask_like(context, &pair.rhs, &pair.out)?.function();
    context.set_mask(&pair.out, Mask::Indicator(ElementwiseFunction::of([left, right], function)));
    Ok(())
}

pub(super) fn mask_where(
    context: &mut LoweringContext,
    choice: &MaskWhereOpIr,
) -> Result<(), LoweringError> {
    let MaskWhereOpIr { tensor, value, mask, out } = choice;
    let mask = mask_like(context, mask, out)?;
    let (otherwise, chosen) =
        (Operand::of(context, tensor, out)?, Operand::of(context, value, out)?);
    choose(context, mask, otherwise, chosen, out)
}

pub(super) fn mask_fill(
    context: &mut LoweringContext,
    choice: &MaskFillOpIr,
) -> Result<(), LoweringError> {
    let mask = mask_like(context, &choice.mask, &choice.out)?;
    let otherwise = Operand::of(context, &choice.tensor, &choice.out)?;
    let chosen = Operand::Constant(vec![choice.value.elem(); otherwise.features()]);
    choose(context, mask, otherwise, chosen, &choice.out)
}

/// Lowering of arithmetic with masks or discontinuous functions.
pub(super) fn arithmetic(
    context: &mut LoweringContext,
    operation: &NumericOperationIr,
) -> Result<(), LoweringError> {
    use NumericOperationIr as Ir;
    match operation {
        Ir::Mul(op) if context.mask(&op.lhs).is_some() => {
            masked(context, &op.lhs, &op.rhs, &op.out)
        }
        Ir::Mul(op) if context.mask(&op.rhs).is_some() => {
            masked(context, &op.rhs, &op.lhs, &op.out)
        }
        Ir::Mul(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, PiecewiseAffine::times),
        Ir::Add(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.plus(1.0, b)),
        Ir::Sub(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.plus(-1.0, b)),
        Ir::AddScalar(op) => of_number(context, op, |a, number| Some(a.shifted(number))),
        Ir::SubScalar(op) => of_number(context, op, |a, number| Some(a.shifted(-number))),
        Ir::MulScalar(op) => of_number(context, op, |a, number| Some(a.scaled(number))),
        Ir::DivScalar(op) => of_number(context, op, |a, number| Some(a.scaled(1.0 / number))),
        Ir::ClampMin(op) => {
            of_number(context, op, |a, floor| a.maximum(&PiecewiseAffine::constant(floor)))
        }
        Ir::ClampMax(op) => of_number(context, op, |a, ceiling| {
            Some(a.scaled(-1.0).maximum(&PiecewiseAffine::constant(-ceiling))?.scaled(-1.0))
        }),
        Ir::Clamp(op) => {
            let (floor, ceiling) = (number(op.min), number(op.max));
            of_one(context, &op.tensor, &op.out, move |a| {
                let at_least_floor = a.maximum(&PiecewiseAffine::constant(floor))?.scaled(-1.0);
                Some(at_least_floor.maximum(&PiecewiseAffine::constant(-ceiling))?.scaled(-1.0))
            })
        }
        Ir::Div(op) if context.is_constant(&op.rhs) => {
            of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.times(&b.inverted()?))
        }
        Ir::Neg(op) => of_one(context, &op.input, &op.out, |a| Some(a.scaled(-1.0))),
        Ir::Abs(op) => of_one(context, &op.input, &op.out, |a| a.maximum(&a.scaled(-1.0))),
        Ir::Sign(op) => of_one(context, &op.input, &op.out, PiecewiseAffine::sign),
        _ => Err(NOT_SEEN.into()),
    }
}

/// The product of a value and a mask: the value where the mask is true, otherwise 0.
fn masked(
    context: &mut LoweringContext,
    mask: &TensorIr,
    value: &TensorIr,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let mask = mask_like(context, mask, out)?;
    let chosen = Operand::of(context, value, out)?;
    let otherwise = Operand::Constant(vec![0.0; chosen.features()]);
    choose(context, mask, otherwise, chosen, out)
}

/// An elementwise function of one operand.
pub(super) fn of_one(
    context: &mut LoweringContext,
    input: &TensorIr,
    out: &TensorIr,
    function: impl Fn(&PiecewiseAffine) -> Option<PiecewiseAffine> + 'static,
) -> Result<(), LoweringError> {
    let side = Operand::of(context, input, out)?.function();
    define(context, ElementwiseFunction::of([side], move |[side]| function(side)), out)
}

fn of_number(
    context: &mut LoweringContext,
    op: &ScalarOpIr,
    function: impl Fn(&PiecewiseAffine, f64) -> Option<PiecewiseAffine> + 'static,
) -> Result<(), LoweringError> {
    let number = number(op.rhs);
    of_one(context, &op.lhs, &op.out, move |piece| function(piece, number))
}

fn of_two(
    context: &mut LoweringContext,
    operands: [&TensorIr; 2],
    out: &TensorIr,
    function: impl Fn(&PiecewiseAffine, &PiecewiseAffine) -> Option<PiecewiseAffine> + 'static,
) -> Result<(), LoweringError> {
    let left = Operand::of(context, operands[0], out)?.function();
    let right = Operand::of(context, operands[1], out)?.function();
    define(
        context,
        ElementwiseFunction::of([left, right], move |[left, right]| function(left, right)),
        out,
    )
}

fn choose(
    context: &mut LoweringContext,
    mask: Mask,
    otherwise: Operand,
    chosen: Operand,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    if let Mask::Positive { form, .. } = &mask
        && let Some(value) = extremum(context, form, &otherwise, &chosen)
    {
        return context.define(out, value);
    }
    let parts = [mask.function(), chosen.function(), otherwise.function()];
    define(
        context,
        ElementwiseFunction::of(parts, |[mask, chosen, other]| chosen.chosen(mask, other)),
        out,
    )
}

/// The maximum or minimum of both operands, if a selection by the sign of a form is one of them.
fn extremum(
    context: &mut LoweringContext,
    positive: &LinearForm,
    otherwise: &Operand,
    chosen: &Operand,
) -> Option<CapturedValue> {
    let gain = chosen.form(context)?.plus(-1.0, &otherwise.form(context)?);
    if gain.offset.len() != positive.offset.len() {
        return None;
    }
    let ratios = gain.ratio(positive)?;
    let all = |holds: fn(f64) -> bool| ratios.iter().all(|&ratio| holds(ratio));
    let (larger, smaller) = (all(|ratio| ratio >= 0.0), all(|ratio| ratio <= 0.0));
    Some(match (chosen, otherwise) {
        (_, Operand::Value(value)) if larger && smaller => value.clone(),
        (Operand::Value(chosen), Operand::Value(otherwise)) if larger => {
            context.maximum(otherwise, chosen)
        }
        (Operand::Value(chosen), Operand::Value(otherwise)) if smaller => {
            context.minimum(otherwise, chosen)
        }
        (Operand::Value(value), Operand::Constant(bound))
        | (Operand::Constant(bound), Operand::Value(value)) => match (larger, smaller) {
            (true, _) => context.at_least(value, bound.clone()),
            (_, true) => context.at_most(value, bound.clone()),
            _ => return None,
        },
        _ => return None,
    })
}

/// Declares that a tensor is an elementwise function. A continuous function becomes a value.
fn define(
    context: &mut LoweringContext,
    function: ElementwiseFunction,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let shape = context.point_shape(out)?;
    let mut values = function.values().into_iter().map(ValueId::of_index);
    if values.any(|value| context.is_placeholder(value)) {
        return Err(LoweringError::DependsOnUnsupported);
    }
    let univariate = function.univariate(&context.nodes).ok_or(NOT_SEEN)?;
    if !univariate.is_continuous() {
        context.set_function(out, function);
        return Ok(());
    }
    let value = context.univariate(&univariate, shape);
    context.define(out, value)
}
