//! Lowering of activations.

use burn::backend::ir::{ActivationOperationIr, BinaryOpIr, DimOpIr, HardSigmoidOpIr};

use super::{LoweringContext, LoweringError, NOT_PIECEWISE_LINEAR, NOT_SUPPORTED};
use crate::capture::context::CapturedValue;
use crate::network::OutputActivation;
use crate::ops::LeakyRelu;

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &ActivationOperationIr,
) -> Result<(), LoweringError> {
    use ActivationOperationIr as Ir;
    match operation {
        Ir::Relu(relu) => {
            let value = context.value(&relu.input)?;
            let value = context.relu(&value);
            context.define(&relu.out, value)
        }
        Ir::LeakyRelu(leaky) => {
            let value = context.value(&leaky.lhs)?;
            let value = leaky_relu(context, &value, leaky.rhs.elem());
            context.define(&leaky.out, value)
        }
        Ir::PRelu(prelu) => self::prelu(context, prelu),
        Ir::HardSigmoid(sigmoid) => hard_sigmoid(context, sigmoid),
        Ir::Softmax(softmax) => at_output(context, softmax, OutputActivation::Softmax),
        Ir::LogSoftmax(softmax) => at_output(context, softmax, OutputActivation::LogSoftmax),
        Ir::Gelu(_) | Ir::Sigmoid(_) | Ir::LogSigmoid(_) | Ir::Softmin(_) => {
            Err(NOT_PIECEWISE_LINEAR.into())
        }
        _ => Err(NOT_SUPPORTED.into()),
    }
}

/// Slopes between 0 and 1 are convex. A leaky ReLU with a larger slope is `-leaky(-slope x, 1 /
/// slope)`; one with a negative slope is `relu(x) + relu(slope x)`.
fn leaky_relu(context: &mut LoweringContext, value: &CapturedValue, slope: f64) -> CapturedValue {
    let all = |number: f64| vec![number; value.features()];
    if let Some(op) = LeakyRelu::new(slope) {
        return context.push(op, &[value], value.shape.clone(), None);
    }
    let scaled = context.scaled(value, all(if slope > 1.0 { -slope } else { slope }));
    match LeakyRelu::new(1.0 / slope) {
        Some(op) => {
            let leaky = context.push(op, &[&scaled], value.shape.clone(), None);
            context.negated(&leaky)
        }
        None => {
            let (positive, negative) = (context.relu(value), context.relu(&scaled));
            context.sum(&positive, &negative)
        }
    }
}

/// With slopes that are not all between 0 and 1 it is `relu(x) - slope relu(-x)`.
fn prelu(context: &mut LoweringContext, prelu: &BinaryOpIr) -> Result<(), LoweringError> {
    let value = context.value(&prelu.lhs)?;
    let slopes = context.broadcast(&prelu.rhs, &prelu.lhs)?;
    let value = match LeakyRelu::with_slopes(slopes.clone(), &context.target) {
        Some(op) => context.push(op, &[&value], value.shape.clone(), None),
        None => {
            let minus = context.negated(&value);
            let (positive, negative) = (context.relu(&value), context.relu(&minus));
            let slopes = slopes.into_iter().map(|slope| -slope).collect();
            let negative = context.scaled(&negative, slopes);
            context.sum(&positive, &negative)
        }
    };
    context.define(&prelu.out, value)
}

/// `clamp(alpha x + beta, 0, 1)`
fn hard_sigmoid(
    context: &mut LoweringContext,
    sigmoid: &HardSigmoidOpIr,
) -> Result<(), LoweringError> {
    let value = context.value(&sigmoid.tensor)?;
    let all = |number: f64| Some(vec![number; value.features()]);
    let (factor, offset) = (all(sigmoid.alpha.elem()), all(sigmoid.beta.elem()));
    let line = context.elementwise_affine(&value, factor, offset);
    let value = context.between(&line, 0.0, 1.0);
    context.define(&sigmoid.out, value)
}

/// A softmax over the classes at the end does not change the class with the largest logit.
fn at_output(
    context: &mut LoweringContext,
    softmax: &DimOpIr,
    activation: OutputActivation,
) -> Result<(), LoweringError> {
    if !context.is_output(&softmax.out) || softmax.axis + 1 != softmax.input.shape.len() {
        return Err(format!(
            "{activation} is not piecewise linear; it is allowed only over the classes at the very \
             end"
        )
        .into());
    }
    context.output_activations.push(activation);
    let value = context.value(&softmax.input)?;
    context.define(&softmax.out, value)
}
