//! Recorded operations to operations of a [`Network`], one file a family of Burn's intermediate
//! representation. Lowering one more operation is one more arm.

mod activation;
mod base;
mod float;
mod module;
mod numeric;

use burn::backend::ir::OperationIr;

use super::context::{Context, Refusal, joined, planes};
use super::evaluate::evaluate;
use super::record::Recording;
use crate::{Error, Network};

pub(super) fn lower(recording: Recording, input_shape: &[usize]) -> Result<Network, Error> {
    let (mut context, operations) = Context::new(recording, input_shape);
    for (index, operation) in &operations {
        if let Err(reason) = lower_operation(&mut context, operation) {
            context.refuse(*index, operation, reason);
        }
    }
    finish(context, input_shape)
}

fn lower_operation(context: &mut Context, operation: &OperationIr) -> Result<(), Refusal> {
    if operation.inputs().all(|input| context.is_constant(input)) {
        return evaluate(context, operation);
    }
    match operation {
        OperationIr::BaseFloat(operation) => base::lower(context, operation),
        OperationIr::NumericFloat(_, operation) => numeric::lower(context, operation),
        OperationIr::Float(_, operation) => float::lower(context, operation),
        OperationIr::Module(operation) => module::lower(context, operation),
        OperationIr::Activation(operation) => activation::lower(context, operation),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

/// The reason where nothing better is known.
const NOT_SUPPORTED: &str = "not a supported piecewise-linear operation; replace it, or apply it \
                             outside the captured forward";

fn finish(context: Context, input_shape: &[usize]) -> Result<Network, Error> {
    let output = context.output().cloned();
    if !context.refused.is_empty() {
        return Err(Error::Unsupported(context.refused));
    }
    let Some(output) = output else {
        return Err(Error::Capture("its output does not depend on its input".into()));
    };
    if output.shape.len() != 1 {
        return Err(Error::Capture(format!(
            "its output has shape [points, {}], expected logits [points, classes]",
            joined(&output.shape)
        )));
    }
    Ok(Network {
        input_shape: input_shape.to_vec(),
        nodes: context.nodes,
        output: output.id,
        dropped: context.dropped,
        placement: context.placement,
    })
}
