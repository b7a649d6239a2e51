//! Lowering of signs, comparisons and selections by comparison.
//!
//! `mask_where` selects one of two values by the sign of a third value. If the difference of the
//! two is a multiple of the third, the result is their maximum or minimum. If all three are
//! elementwise functions of one value, the result is too; it becomes a value if it is continuous.

use burn::backend::ir::{
    BinaryOpIr, BoolOperationIr, MaskFillOpIr, MaskWhereOpIr, NumericOperationIr, ScalarOpIr,
    TensorIr,
};

use super::numeric::number;
use super::{LoweringContext, LoweringError, NOT_SEEN, NOT_SUPPORTED, STEPS};
use crate::capture::context::CapturedValue;
use crate::capture::elementwise_function::{ElementwiseFunction, PiecewiseAffine};
use crate::capture::form::LinearForm;

/// Boolean features that depend on the input.
#[derive(Clone, Debug)]
pub(in crate::capture) enum Mask {
    /// True where a form is positive; also where it is zero, unless `strict`.
    Positive { form: LinearForm, strict: bool },
    /// An indicator function: 1 for true, 0 for false.
    Indicator(ElementwiseFunction),
}

impl Mask {
    fn features(&self) -> usize {
        match self {
            Self::Positive { form, .. } => form.offset.len(),
            Self::Indicator(curve) => curve.features(),
        }
    }

    fn negated(self) -> Self {
        match self {
            Self::Positive { form, strict } => {
                Self::Positive { form: form.negated(), strict: !strict }
            }
            Self::Indicator(curve) => {
                Self::Indicator(ElementwiseFunction::of([curve], |[step]| {
                    Some(step.scaled(-1.0).shifted(1.0))
                }))
            }
        }
    }

    /// The indicator function: 1 for true, 0 for false.
    fn curve(&self) -> ElementwiseFunction {
        match self {
            Self::Positive { form, strict } => {
                let strict = *strict;
                ElementwiseFunction::of([ElementwiseFunction::form(form)], move |[form]| {
                    form.positive(strict)
                })
            }
            Self::Indicator(curve) => curve.clone(),
        }
    }
}

/// Whether an operation is a comparison.
pub(super) fn compares(operation: &NumericOperationIr) -> bool {
    comparison_of(operation).is_some()
}

/// Lowers a comparison to the mask of the sign of a difference.
pub(super) fn compare(
    context: &mut LoweringContext,
    operation: &NumericOperationIr,
) -> Result<(), LoweringError> {
    let Some(InputComparison { tensor, other, sign, strict, out }) = comparison_of(operation)
    else {
        return Err(NOT_SUPPORTED.into());
    };
    let left = Operand::of(context, tensor, out)?;
    let right = match other {
        ComparedOperand::Number(number) => Operand::Constant(vec![number; left.features()]),
        ComparedOperand::Tensor(tensor) => Operand::of(context, tensor, out)?,
    };
    let mask = match (left.form(context), right.form(context)) {
        (Some(left), Some(right)) => {
            let difference = left.plus(-1.0, &right);
            let form = if sign > 0.0 { difference } else { difference.negated() };
            Mask::Positive { form, strict }
        }
        _ => {
            let sides = [left.curve(), right.curve()];
            Mask::Indicator(ElementwiseFunction::of(sides, move |[left, right]| {
                left.plus(-1.0, right)?.scaled(sign).positive(strict)
            }))
        }
    };
    context.set_mask(out, mask);
    Ok(())
}

/// The operands of a comparison, and the sign of their difference if the comparison is true.
struct InputComparison<'a> {
    tensor: &'a TensorIr,
    other: ComparedOperand<'a>,
    sign: f64,
    strict: bool,
    out: &'a TensorIr,
}

enum ComparedOperand<'a> {
    Number(f64),
    Tensor(&'a TensorIr),
}

fn comparison_of(operation: &NumericOperationIr) -> Option<InputComparison<'_>> {
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

fn between(op: &BinaryOpIr, sign: f64, strict: bool) -> InputComparison<'_> {
    InputComparison {
        tensor: &op.lhs,
        other: ComparedOperand::Tensor(&op.rhs),
        sign,
        strict,
        out: &op.out,
    }
}

fn with_number(op: &ScalarOpIr, sign: f64, strict: bool) -> InputComparison<'_> {
    InputComparison {
        tensor: &op.lhs,
        other: ComparedOperand::Number(number(op.rhs)),
        sign,
        strict,
        out: &op.out,
    }
}

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
    let left = mask_like(context, &pair.lhs, &pair.out)?.curve();
    let right = mask_like(context, &pair.rhs, &pair.out)?.curve();
    context.set_mask(&pair.out, Mask::Indicator(ElementwiseFunction::of([left, right], function)));
    Ok(())
}

/// An operand that is a mask or a Boolean constant, in the shape of the result.
fn mask_like(
    context: &LoweringContext,
    tensor: &TensorIr,
    out: &TensorIr,
) -> Result<Mask, LoweringError> {
    if context.is_constant(tensor) {
        let step = |value: f64| f64::from(u8::from(value != 0.0));
        let steps = context.broadcast(tensor, out)?.into_iter().map(step);
        return Ok(Mask::Indicator(ElementwiseFunction::constant(steps.collect())));
    }
    if context.is_unsupported(tensor) {
        return Err(LoweringError::DependsOnUnsupported);
    }
    let mask = context.mask(tensor).ok_or(NOT_SEEN)?.clone();
    let features: usize = context.point_shape(out)?.iter().product();
    if mask.features() == features { Ok(mask) } else { Err(NOT_SEEN.into()) }
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
                let raised = a.maximum(&PiecewiseAffine::constant(floor))?.scaled(-1.0);
                Some(raised.maximum(&PiecewiseAffine::constant(-ceiling))?.scaled(-1.0))
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
    let side = Operand::of(context, input, out)?.curve();
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
    let left = Operand::of(context, operands[0], out)?.curve();
    let right = Operand::of(context, operands[1], out)?.curve();
    define(
        context,
        ElementwiseFunction::of([left, right], move |[left, right]| function(left, right)),
        out,
    )
}

/// An operand of a selection or of arithmetic with discontinuous functions.
enum Operand {
    Value(CapturedValue),
    Constant(Vec<f64>),
    ElementwiseFunction(ElementwiseFunction),
    Mask(Mask),
}

impl Operand {
    fn of(
        context: &mut LoweringContext,
        tensor: &TensorIr,
        out: &TensorIr,
    ) -> Result<Self, LoweringError> {
        if context.is_constant(tensor) {
            return Ok(Self::Constant(context.broadcast(tensor, out)?));
        }
        if let Some(curve) = context.curve(tensor).cloned() {
            let features: usize = context.point_shape(out)?.iter().product();
            let same = curve.features() == features;
            return if same { Ok(Self::ElementwiseFunction(curve)) } else { Err(NOT_SEEN.into()) };
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
            Self::ElementwiseFunction(curve) => curve.features(),
            Self::Mask(mask) => mask.features(),
        }
    }

    /// The operand as a linear form, if it is a value or a constant.
    fn form(&self, context: &LoweringContext) -> Option<LinearForm> {
        match self {
            Self::Value(value) => Some(LinearForm::of(context, value)),
            Self::Constant(numbers) => Some(LinearForm::constant(numbers.clone())),
            Self::ElementwiseFunction(_) | Self::Mask(_) => None,
        }
    }

    fn curve(&self) -> ElementwiseFunction {
        match self {
            Self::Value(value) => ElementwiseFunction::value(value.id, value.features()),
            Self::Constant(numbers) => ElementwiseFunction::constant(numbers.clone()),
            Self::ElementwiseFunction(curve) => curve.clone(),
            Self::Mask(mask) => mask.curve(),
        }
    }
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
    let parts = [mask.curve(), chosen.curve(), otherwise.curve()];
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
    curve: ElementwiseFunction,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let shape = context.point_shape(out)?;
    if curve.is_placeholder(context) {
        return Err(LoweringError::DependsOnUnsupported);
    }
    let univariate = curve.univariate(context).ok_or(NOT_SEEN)?;
    if !univariate.is_continuous() {
        context.set_function(out, curve);
        return Ok(());
    }
    let value = univariate.lower(context, shape);
    context.define(out, value)
}
