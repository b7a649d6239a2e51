//! Activations.

use burn::backend::ir::{ActivationOperationIr, DimOpIr, TensorIr};

use super::{Context, NOT_SUPPORTED, Refusal};
use crate::network::OutputActivation;
use crate::ops::LeakyRelu;

pub(super) fn lower(
    context: &mut Context,
    operation: &ActivationOperationIr,
) -> Result<(), Refusal> {
    use ActivationOperationIr as Ir;
    match operation {
        Ir::Relu(relu) => leaky_relu(context, &relu.input, 0.0, &relu.out),
        Ir::LeakyRelu(leaky) => leaky_relu(context, &leaky.lhs, leaky.rhs.elem(), &leaky.out),
        Ir::Softmax(softmax) => at_output(context, softmax, OutputActivation::Softmax),
        Ir::LogSoftmax(softmax) => at_output(context, softmax, OutputActivation::LogSoftmax),
        Ir::Gelu(_) | Ir::Sigmoid(_) | Ir::LogSigmoid(_) | Ir::Softmin(_) => {
            Err("not piecewise linear; use ReLU, leaky ReLU or another maximum of affine functions"
                .into())
        }
        _ => Err(NOT_SUPPORTED.into()),
    }
}

fn leaky_relu(
    context: &mut Context,
    input: &TensorIr,
    slope: f64,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let op = LeakyRelu::new(slope)
        .ok_or_else(|| format!("slope {slope} is not supported, only slopes from 0 to 1"))?;
    let value = context.value(input)?;
    context.emit(op, &[&value], out, None)
}

/// A softmax over the classes at the very end does not change which class is largest.
fn at_output(
    context: &mut Context,
    softmax: &DimOpIr,
    activation: OutputActivation,
) -> Result<(), Refusal> {
    if !context.is_output(&softmax.out) || softmax.axis + 1 != softmax.input.shape.len() {
        return Err(format!(
            "{activation} is not piecewise linear; only one over the classes at the very end is \
             left out"
        ));
    }
    context.dropped = Some(activation);
    let value = context.value(&softmax.input)?;
    context.alias(value, &softmax.out)
}
