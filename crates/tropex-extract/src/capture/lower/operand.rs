//! Operands of arithmetic, comparisons and selections.

use burn::backend::ir::{ScalarIr, TensorIr};

use super::{LoweringContext, LoweringError, NOT_SEEN};
use crate::capture::context::CapturedValue;
use crate::capture::elementwise_function::ElementwiseFunction;
use crate::capture::form::LinearForm;
use crate::capture::mask::Mask;

/// An operand of a selection or of arithmetic with discontinuous functions.
pub(super) enum Operand {
    Value(CapturedValue),
    Constant(Vec<f64>),
    Function(ElementwiseFunction),
    Mask(Mask),
}

impl Operand {
    pub(super) fn of(
        context: &mut LoweringContext,
        tensor: &TensorIr,
        out: &TensorIr,
    ) -> Result<Self, LoweringError> {
        if context.is_constant(tensor) {
            return Ok(Self::Constant(context.broadcast(tensor, out)?));
        }
        if let Some(function) = context.function(tensor).cloned() {
            let features: usize = context.point_shape(out)?.iter().product();
            let fits = function.features() == features;
            return if fits { Ok(Self::Function(function)) } else { Err(NOT_SEEN.into()) };
        }
        if context.mask(tensor).is_some() {
            return Ok(Self::Mask(mask_like(context, tensor, out)?));
        }
        Ok(Self::Value(context.value_like(tensor, out)?))
    }

    pub(super) fn features(&self) -> usize {
        match self {
            Self::Value(value) => value.features(),
            Self::Constant(numbers) => numbers.len(),
            Self::Function(function) => function.features(),
            Self::Mask(mask) => mask.features(),
        }
    }

    /// The operand as a linear form, if it is a value or a constant.
    pub(super) fn form(&self, context: &LoweringContext) -> Option<LinearForm> {
        match self {
            Self::Value(value) => Some(LinearForm::of(&context.nodes, value.id, value.features())),
            Self::Constant(numbers) => Some(LinearForm::constant(numbers.clone())),
            Self::Function(_) | Self::Mask(_) => None,
        }
    }

    pub(super) fn function(&self) -> ElementwiseFunction {
        match self {
            Self::Value(value) => ElementwiseFunction::value(value.id, value.features()),
            Self::Constant(numbers) => ElementwiseFunction::constant(numbers.clone()),
            Self::Function(function) => function.clone(),
            Self::Mask(mask) => mask.function(),
        }
    }
}

/// An operand that is a mask or a Boolean constant, in the shape of the result.
pub(super) fn mask_like(
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

pub(super) fn number(scalar: ScalarIr) -> f64 {
    scalar.elem()
}
