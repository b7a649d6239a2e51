//! Choices by comparison that are maxima or minima in disguise.
//!
//! `mask_where` takes one of two values, depending on the sign of a third. The result is continuous
//! only if both agree where the third is zero, that is if their difference is a multiple of it:
//! then it is the larger or the smaller of the two.

use burn::backend::ir::{
    BinaryOpIr, BoolOperationIr, MaskFillOpIr, MaskWhereOpIr, NumericOperationIr, TensorIr,
};

use super::{Context, JUMPS, NOT_SUPPORTED, Refusal};
use crate::capture::context::Value;
use crate::capture::form::Form;

/// Whether an operation compares.
pub(super) fn compares(operation: &NumericOperationIr) -> bool {
    sides(operation).is_some()
}

/// The form that is positive where a comparison holds: `larger - smaller`. What happens where both
/// are equal does not matter to a continuous choice.
pub(super) fn compare(
    context: &mut Context,
    operation: &NumericOperationIr,
) -> Result<(), Refusal> {
    let Some((tensor, other, sign, out)) = sides(operation) else {
        return Err(NOT_SUPPORTED.into());
    };
    let form = Side::of(context, tensor, out)?.form(context);
    let other = match other {
        Other::Number(number) => Form::constant(vec![number; form.offset.len()]),
        Other::Tensor(tensor) => Side::of(context, tensor, out)?.form(context),
    };
    let difference = form.plus(-1.0, &other);
    context.know_mask(out, if sign > 0.0 { difference } else { difference.negated() });
    Ok(())
}

enum Other<'a> {
    Number(f64),
    Tensor(&'a TensorIr),
}

/// What is compared with what, and the sign of their difference where the comparison holds.
fn sides(operation: &NumericOperationIr) -> Option<(&TensorIr, Other<'_>, f64, &TensorIr)> {
    use NumericOperationIr as Ir;
    Some(match operation {
        Ir::Greater(op) | Ir::GreaterEqual(op) => (&op.lhs, Other::Tensor(&op.rhs), 1.0, &op.out),
        Ir::Lower(op) | Ir::LowerEqual(op) => (&op.lhs, Other::Tensor(&op.rhs), -1.0, &op.out),
        Ir::GreaterElem(op) | Ir::GreaterEqualElem(op) => {
            (&op.lhs, Other::Number(op.rhs.elem()), 1.0, &op.out)
        }
        Ir::LowerElem(op) | Ir::LowerEqualElem(op) => {
            (&op.lhs, Other::Number(op.rhs.elem()), -1.0, &op.out)
        }
        _ => return None,
    })
}

/// Operations on masks that leave them masks.
pub(super) fn bool(context: &mut Context, operation: &BoolOperationIr) -> Result<(), Refusal> {
    let (input, out, is_negated) = match operation {
        BoolOperationIr::IntoFloat(cast) => (&cast.input, &cast.out, false),
        BoolOperationIr::Not(not) => (&not.input, &not.out, true),
        _ => return Err(JUMPS.into()),
    };
    let form = context.mask(input).ok_or(JUMPS)?.clone();
    context.know_mask(out, if is_negated { form.negated() } else { form });
    Ok(())
}

pub(super) fn mask_where(context: &mut Context, choice: &MaskWhereOpIr) -> Result<(), Refusal> {
    let out = &choice.out;
    let (otherwise, chosen) =
        (Side::of(context, &choice.tensor, out)?, Side::of(context, &choice.value, out)?);
    choose(context, &choice.mask, otherwise, chosen, out)
}

pub(super) fn mask_fill(context: &mut Context, choice: &MaskFillOpIr) -> Result<(), Refusal> {
    let otherwise = Side::of(context, &choice.tensor, &choice.out)?;
    let chosen = Side::Constant(vec![choice.value.elem(); otherwise.features()]);
    choose(context, &choice.mask, otherwise, chosen, &choice.out)
}

/// A value times a mask: the value where the mask holds, else zero.
pub(super) fn masked(context: &mut Context, product: &BinaryOpIr) -> Result<(), Refusal> {
    let BinaryOpIr { lhs, rhs, out } = product;
    let (mask, value) = if context.mask(lhs).is_some() { (lhs, rhs) } else { (rhs, lhs) };
    let chosen = Side::of(context, value, out)?;
    let otherwise = Side::Constant(vec![0.0; chosen.features()]);
    choose(context, mask, otherwise, chosen, out)
}

/// One of the two things that a choice is made between.
enum Side {
    Value(Value),
    Constant(Vec<f64>),
}

impl Side {
    fn of(context: &mut Context, tensor: &TensorIr, out: &TensorIr) -> Result<Self, Refusal> {
        if context.is_constant(tensor) {
            return Ok(Self::Constant(context.spread(tensor, out)?));
        }
        Ok(Self::Value(context.value_like(tensor, out)?))
    }

    fn features(&self) -> usize {
        match self {
            Self::Value(value) => value.features(),
            Self::Constant(numbers) => numbers.len(),
        }
    }

    fn form(&self, context: &Context) -> Form {
        match self {
            Self::Value(value) => Form::of(context, value),
            Self::Constant(numbers) => Form::constant(numbers.clone()),
        }
    }
}

fn choose(
    context: &mut Context,
    mask: &TensorIr,
    otherwise: Side,
    chosen: Side,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let positive = context.mask(mask).ok_or(JUMPS)?.clone();
    let gain = chosen.form(context).plus(-1.0, &otherwise.form(context));
    if gain.offset.len() != positive.offset.len() {
        return Err(JUMPS.into());
    }
    let ratios = gain.ratio(&positive).ok_or(JUMPS)?;
    let same = ratios.iter().all(|&ratio| ratio == 0.0);
    let value = if let (true, Side::Value(value)) = (same, &otherwise) {
        value.clone()
    } else if ratios.iter().all(|&ratio| ratio >= 0.0) {
        match (chosen, otherwise) {
            (Side::Value(chosen), Side::Value(otherwise)) => context.maximum(&otherwise, &chosen),
            (Side::Value(value), Side::Constant(floor))
            | (Side::Constant(floor), Side::Value(value)) => context.at_least(&value, floor),
            (Side::Constant(_), Side::Constant(_)) => return Err(JUMPS.into()),
        }
    } else if ratios.iter().all(|&ratio| ratio <= 0.0) {
        match (chosen, otherwise) {
            (Side::Value(chosen), Side::Value(otherwise)) => context.minimum(&otherwise, &chosen),
            (Side::Value(value), Side::Constant(ceiling))
            | (Side::Constant(ceiling), Side::Value(value)) => context.at_most(&value, ceiling),
            (Side::Constant(_), Side::Constant(_)) => return Err(JUMPS.into()),
        }
    } else {
        return Err("a choice by comparison that is a maximum of some features and a minimum of \
                    others is not supported; split the features first"
            .into());
    };
    context.define(out, value)
}
