//! Signs, comparisons and the choices that are made by them.
//!
//! `mask_where` takes one of two values, depending on the sign of a third. Where their difference is
//! a multiple of the third, it is the larger or the smaller of the two. Where all of them are
//! functions of one value, feature by feature, so is the result: a value as soon as it does not jump.

use burn::backend::ir::{
    BinaryOpIr, BoolOperationIr, MaskFillOpIr, MaskWhereOpIr, NumericOperationIr, ScalarOpIr,
    TensorIr,
};

use super::numeric::number;
use super::{Context, NOT_SEEN, NOT_SUPPORTED, Refusal, STEPS};
use crate::capture::context::Value;
use crate::capture::curve::{Curve, Piecewise};
use crate::capture::form::Form;

/// Truth values that depend on the input.
#[derive(Clone, Debug)]
pub(in crate::capture) enum Mask {
    /// True where a form is positive, and where it is zero if not `strict`.
    Positive { form: Form, strict: bool },
    /// One where it is true, zero elsewhere.
    Steps(Curve),
}

impl Mask {
    fn features(&self) -> usize {
        match self {
            Self::Positive { form, .. } => form.offset.len(),
            Self::Steps(curve) => curve.features(),
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Positive { form, strict } => {
                Self::Positive { form: form.negated(), strict: !strict }
            }
            Self::Steps(curve) => {
                Self::Steps(Curve::of([curve], |[step]| Some(step.scaled(-1.0).shifted(1.0))))
            }
        }
    }

    /// One where it is true, zero elsewhere.
    fn curve(&self) -> Curve {
        match self {
            Self::Positive { form, strict } => {
                let strict = *strict;
                Curve::of([Curve::form(form)], move |[form]| form.positive(strict))
            }
            Self::Steps(curve) => curve.clone(),
        }
    }
}

/// Whether an operation compares.
pub(super) fn compares(operation: &NumericOperationIr) -> bool {
    sides(operation).is_some()
}

/// The mask that is true where a comparison holds: where `larger - smaller` is positive.
pub(super) fn compare(
    context: &mut Context,
    operation: &NumericOperationIr,
) -> Result<(), Refusal> {
    let Some(Comparison { tensor, other, sign, strict, out }) = sides(operation) else {
        return Err(NOT_SUPPORTED.into());
    };
    let left = Side::of(context, tensor, out)?;
    let right = match other {
        Other::Number(number) => Side::Constant(vec![number; left.features()]),
        Other::Tensor(tensor) => Side::of(context, tensor, out)?,
    };
    let mask = match (left.form(context), right.form(context)) {
        (Some(left), Some(right)) => {
            let difference = left.plus(-1.0, &right);
            let form = if sign > 0.0 { difference } else { difference.negated() };
            Mask::Positive { form, strict }
        }
        _ => {
            let sides = [left.curve(), right.curve()];
            Mask::Steps(Curve::of(sides, move |[left, right]| {
                left.plus(-1.0, right)?.scaled(sign).positive(strict)
            }))
        }
    };
    context.know_mask(out, mask);
    Ok(())
}

/// What is compared with what, and the sign of their difference where the comparison holds.
struct Comparison<'a> {
    tensor: &'a TensorIr,
    other: Other<'a>,
    sign: f64,
    strict: bool,
    out: &'a TensorIr,
}

enum Other<'a> {
    Number(f64),
    Tensor(&'a TensorIr),
}

fn sides(operation: &NumericOperationIr) -> Option<Comparison<'_>> {
    use NumericOperationIr as Ir;
    Some(match operation {
        Ir::Greater(op) => between(op, 1.0, true),
        Ir::GreaterEqual(op) => between(op, 1.0, false),
        Ir::Lower(op) => between(op, -1.0, true),
        Ir::LowerEqual(op) => between(op, -1.0, false),
        Ir::GreaterElem(op) => with_number(op, 1.0, true),
        Ir::GreaterEqualElem(op) => with_number(op, 1.0, false),
        Ir::LowerElem(op) => with_number(op, -1.0, true),
        Ir::LowerEqualElem(op) => with_number(op, -1.0, false),
        _ => return None,
    })
}

fn between(op: &BinaryOpIr, sign: f64, strict: bool) -> Comparison<'_> {
    Comparison { tensor: &op.lhs, other: Other::Tensor(&op.rhs), sign, strict, out: &op.out }
}

fn with_number(op: &ScalarOpIr, sign: f64, strict: bool) -> Comparison<'_> {
    Comparison { tensor: &op.lhs, other: Other::Number(number(op.rhs)), sign, strict, out: &op.out }
}

/// Operations on masks.
pub(super) fn bool(context: &mut Context, operation: &BoolOperationIr) -> Result<(), Refusal> {
    use BoolOperationIr as Ir;
    type Pair = fn([&Piecewise; 2]) -> Option<Piecewise>;
    let (pair, function): (_, Pair) = match operation {
        // Zeros and ones, which arithmetic with masks reads as such.
        Ir::IntoFloat(cast) => {
            context.know_same(&cast.out, &cast.input);
            return Ok(());
        }
        Ir::IntoInt(_) => return Err(STEPS.into()),
        Ir::Not(not) => {
            let mask = mask_like(context, &not.input, &not.out)?;
            context.know_mask(&not.out, mask.negated());
            return Ok(());
        }
        Ir::And(pair) => (pair, |[left, right]| left.times(right)),
        Ir::Or(pair) => (pair, |[left, right]| left.maximum(right)),
        Ir::Xor(pair) => (pair, |[left, right]| {
            let difference = left.plus(-1.0, right)?;
            difference.maximum(&difference.scaled(-1.0))
        }),
    };
    let left = mask_like(context, &pair.lhs, &pair.out)?.curve();
    let right = mask_like(context, &pair.rhs, &pair.out)?.curve();
    context.know_mask(&pair.out, Mask::Steps(Curve::of([left, right], function)));
    Ok(())
}

/// An operand that is a mask, or constant truth values, in the shape of a result.
fn mask_like(context: &Context, tensor: &TensorIr, out: &TensorIr) -> Result<Mask, Refusal> {
    if context.is_constant(tensor) {
        let step = |value: f64| f64::from(u8::from(value != 0.0));
        let steps = context.spread(tensor, out)?.into_iter().map(step);
        return Ok(Mask::Steps(Curve::constant(steps.collect())));
    }
    if context.is_refused(tensor) {
        return Err(Refusal::Follows);
    }
    let mask = context.mask(tensor).ok_or(NOT_SEEN)?.clone();
    let features: usize = context.point_shape(out)?.iter().product();
    if mask.features() == features { Ok(mask) } else { Err(NOT_SEEN.into()) }
}

pub(super) fn mask_where(context: &mut Context, choice: &MaskWhereOpIr) -> Result<(), Refusal> {
    let MaskWhereOpIr { tensor, value, mask, out } = choice;
    let mask = mask_like(context, mask, out)?;
    let (otherwise, chosen) = (Side::of(context, tensor, out)?, Side::of(context, value, out)?);
    choose(context, mask, otherwise, chosen, out)
}

pub(super) fn mask_fill(context: &mut Context, choice: &MaskFillOpIr) -> Result<(), Refusal> {
    let mask = mask_like(context, &choice.mask, &choice.out)?;
    let otherwise = Side::of(context, &choice.tensor, &choice.out)?;
    let chosen = Side::Constant(vec![choice.value.elem(); otherwise.features()]);
    choose(context, mask, otherwise, chosen, &choice.out)
}

/// Arithmetic in which a mask, a sign or something else that jumps takes part.
pub(super) fn arithmetic(
    context: &mut Context,
    operation: &NumericOperationIr,
) -> Result<(), Refusal> {
    use NumericOperationIr as Ir;
    match operation {
        Ir::Mul(op) if context.mask(&op.lhs).is_some() => {
            masked(context, &op.lhs, &op.rhs, &op.out)
        }
        Ir::Mul(op) if context.mask(&op.rhs).is_some() => {
            masked(context, &op.rhs, &op.lhs, &op.out)
        }
        Ir::Mul(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, Piecewise::times),
        Ir::Add(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.plus(1.0, b)),
        Ir::Sub(op) => of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.plus(-1.0, b)),
        Ir::AddScalar(op) => of_number(context, op, |a, number| Some(a.shifted(number))),
        Ir::SubScalar(op) => of_number(context, op, |a, number| Some(a.shifted(-number))),
        Ir::MulScalar(op) => of_number(context, op, |a, number| Some(a.scaled(number))),
        Ir::DivScalar(op) => of_number(context, op, |a, number| Some(a.scaled(1.0 / number))),
        Ir::ClampMin(op) => {
            of_number(context, op, |a, floor| a.maximum(&Piecewise::constant(floor)))
        }
        Ir::ClampMax(op) => of_number(context, op, |a, ceiling| {
            Some(a.scaled(-1.0).maximum(&Piecewise::constant(-ceiling))?.scaled(-1.0))
        }),
        Ir::Clamp(op) => {
            let (floor, ceiling) = (number(op.min), number(op.max));
            of_one(context, &op.tensor, &op.out, move |a| {
                let raised = a.maximum(&Piecewise::constant(floor))?.scaled(-1.0);
                Some(raised.maximum(&Piecewise::constant(-ceiling))?.scaled(-1.0))
            })
        }
        Ir::Div(op) if context.is_constant(&op.rhs) => {
            of_two(context, [&op.lhs, &op.rhs], &op.out, |a, b| a.times(&b.inverted()?))
        }
        Ir::Neg(op) => of_one(context, &op.input, &op.out, |a| Some(a.scaled(-1.0))),
        Ir::Abs(op) => of_one(context, &op.input, &op.out, |a| a.maximum(&a.scaled(-1.0))),
        Ir::Sign(op) => of_one(context, &op.input, &op.out, Piecewise::sign),
        _ => Err(NOT_SEEN.into()),
    }
}

/// A value times a mask: the value where the mask holds, else zero.
fn masked(
    context: &mut Context,
    mask: &TensorIr,
    value: &TensorIr,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let mask = mask_like(context, mask, out)?;
    let chosen = Side::of(context, value, out)?;
    let otherwise = Side::Constant(vec![0.0; chosen.features()]);
    choose(context, mask, otherwise, chosen, out)
}

/// A function of one operand, feature by feature.
pub(super) fn of_one(
    context: &mut Context,
    input: &TensorIr,
    out: &TensorIr,
    function: impl Fn(&Piecewise) -> Option<Piecewise> + 'static,
) -> Result<(), Refusal> {
    let side = Side::of(context, input, out)?.curve();
    define(context, Curve::of([side], move |[side]| function(side)), out)
}

fn of_number(
    context: &mut Context,
    op: &ScalarOpIr,
    function: impl Fn(&Piecewise, f64) -> Option<Piecewise> + 'static,
) -> Result<(), Refusal> {
    let number = number(op.rhs);
    of_one(context, &op.lhs, &op.out, move |piece| function(piece, number))
}

fn of_two(
    context: &mut Context,
    operands: [&TensorIr; 2],
    out: &TensorIr,
    function: impl Fn(&Piecewise, &Piecewise) -> Option<Piecewise> + 'static,
) -> Result<(), Refusal> {
    let left = Side::of(context, operands[0], out)?.curve();
    let right = Side::of(context, operands[1], out)?.curve();
    define(context, Curve::of([left, right], move |[left, right]| function(left, right)), out)
}

/// What takes part in a choice or in arithmetic with one.
enum Side {
    Value(Value),
    Constant(Vec<f64>),
    Curve(Curve),
    Mask(Mask),
}

impl Side {
    fn of(context: &mut Context, tensor: &TensorIr, out: &TensorIr) -> Result<Self, Refusal> {
        if context.is_constant(tensor) {
            return Ok(Self::Constant(context.spread(tensor, out)?));
        }
        if let Some(curve) = context.curve(tensor).cloned() {
            let features: usize = context.point_shape(out)?.iter().product();
            let same = curve.features() == features;
            return if same { Ok(Self::Curve(curve)) } else { Err(NOT_SEEN.into()) };
        }
        if context.mask(tensor).is_some() {
            return Ok(Self::Mask(mask_like(context, tensor, out)?));
        }
        Ok(Self::Value(context.value_like(tensor, out)?))
    }

    fn features(&self) -> usize {
        match self {
            Self::Value(value) => value.features(),
            Self::Constant(numbers) => numbers.len(),
            Self::Curve(curve) => curve.features(),
            Self::Mask(mask) => mask.features(),
        }
    }

    /// A form of values, if it does not jump.
    fn form(&self, context: &Context) -> Option<Form> {
        match self {
            Self::Value(value) => Some(Form::of(context, value)),
            Self::Constant(numbers) => Some(Form::constant(numbers.clone())),
            Self::Curve(_) | Self::Mask(_) => None,
        }
    }

    fn curve(&self) -> Curve {
        match self {
            Self::Value(value) => Curve::value(value.id, value.features()),
            Self::Constant(numbers) => Curve::constant(numbers.clone()),
            Self::Curve(curve) => curve.clone(),
            Self::Mask(mask) => mask.curve(),
        }
    }
}

fn choose(
    context: &mut Context,
    mask: Mask,
    otherwise: Side,
    chosen: Side,
    out: &TensorIr,
) -> Result<(), Refusal> {
    if let Mask::Positive { form, .. } = &mask
        && let Some(value) = extremum(context, form, &otherwise, &chosen)
    {
        return context.define(out, value);
    }
    let parts = [mask.curve(), chosen.curve(), otherwise.curve()];
    define(context, Curve::of(parts, |[mask, chosen, other]| chosen.chosen(mask, other)), out)
}

/// The larger or the smaller of both sides, if a choice by the sign of a form is one of them.
fn extremum(
    context: &mut Context,
    positive: &Form,
    otherwise: &Side,
    chosen: &Side,
) -> Option<Value> {
    let gain = chosen.form(context)?.plus(-1.0, &otherwise.form(context)?);
    if gain.offset.len() != positive.offset.len() {
        return None;
    }
    let ratios = gain.ratio(positive)?;
    let all = |holds: fn(f64) -> bool| ratios.iter().all(|&ratio| holds(ratio));
    let (larger, smaller) = (all(|ratio| ratio >= 0.0), all(|ratio| ratio <= 0.0));
    Some(match (chosen, otherwise) {
        (_, Side::Value(value)) if larger && smaller => value.clone(),
        (Side::Value(chosen), Side::Value(otherwise)) if larger => {
            context.maximum(otherwise, chosen)
        }
        (Side::Value(chosen), Side::Value(otherwise)) if smaller => {
            context.minimum(otherwise, chosen)
        }
        (Side::Value(value), Side::Constant(bound))
        | (Side::Constant(bound), Side::Value(value)) => match (larger, smaller) {
            (true, _) => context.at_least(value, bound.clone()),
            (_, true) => context.at_most(value, bound.clone()),
            _ => return None,
        },
        _ => return None,
    })
}

/// Says that a tensor is a curve: a value if it does not jump.
fn define(context: &mut Context, curve: Curve, out: &TensorIr) -> Result<(), Refusal> {
    let shape = context.point_shape(out)?;
    if curve.stands_in(context) {
        return Err(Refusal::Follows);
    }
    let traced = curve.traced(context).ok_or(NOT_SEEN)?;
    if !traced.is_continuous() {
        context.know_curve(out, curve);
        return Ok(());
    }
    let value = traced.lower(context, shape);
    context.define(out, value)
}
