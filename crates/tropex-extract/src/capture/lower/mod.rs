//! Recorded operations to operations of a [`Network`], one file a family of Burn's intermediate
//! representation. Lowering one more operation is one more arm.

mod activation;
mod base;
mod conv;
mod float;
mod mask;
mod module;
mod numeric;
mod pool;
mod reduce;
mod scatter;

use burn::backend::ir::{OperationIr, TensorIr};

use super::context::{Context, Value, joined};
use super::evaluate::evaluate;
use super::output;
use super::record::Recording;
use super::refusal::{
    DIFFERS, MIXES_POINTS, NOT_PIECEWISE_LINEAR, NOT_SEEN, NOT_SUPPORTED, PRODUCT, Refusal, STEPS,
};
use crate::{Error, Network};

pub(super) use mask::Mask;

pub(super) fn lower(recording: Recording, input_shape: &[usize]) -> Result<Network, Error> {
    let (mut context, operations) = Context::new(recording, input_shape);
    for (index, operation) in &operations {
        lower_at(&mut context, *index, operation);
    }
    finish(context, input_shape)
}

/// Lowers an operation. Where it needs a value and finds something that jumps, the operation that
/// gave that is refused, and this one looked at again.
fn lower_at(context: &mut Context, index: usize, operation: &OperationIr) {
    loop {
        match lower_operation(context, operation) {
            Ok(()) => return context.note_origin(index, operation),
            Err(Refusal::Because(reason)) => return context.refuse(index, operation, reason),
            Err(Refusal::Follows) => return context.stand_in(operation),
            Err(Refusal::Jumps(tensor)) => context.refuse_origin(tensor),
        }
    }
}

fn lower_operation(context: &mut Context, operation: &OperationIr) -> Result<(), Refusal> {
    if operation.inputs().any(|input| context.is_refused_constant(input)) {
        return Err(Refusal::Follows);
    }
    if operation.inputs().all(|input| context.is_constant(input)) {
        return evaluate(context, operation);
    }
    match operation {
        OperationIr::BaseFloat(base) => base::lower(context, operation, base),
        OperationIr::BaseBool(base) => base::lower_mask(context, base),
        OperationIr::NumericFloat(_, numeric) => numeric::lower(context, operation, numeric),
        OperationIr::Float(_, float) => float::lower(context, operation, float),
        OperationIr::Module(module) => module::lower(context, operation, module),
        OperationIr::Activation(operation) => activation::lower(context, operation),
        OperationIr::Bool(operation) => mask::bool(context, operation),
        OperationIr::BaseInt(_) | OperationIr::NumericInt(..) | OperationIr::Int(_) => {
            Err(STEPS.into())
        }
        _ => Err(NOT_SUPPORTED.into()),
    }
}

/// Pieces of a point, and the planes `[channels, extents..]` of a piece, of which a tensor has
/// `D - 1` axes once a missing height of 1 is put in.
fn planes_of<const D: usize>(
    context: &Context,
    value: &Value,
    tensor: &TensorIr,
) -> Result<(usize, Vec<usize>), Refusal> {
    let (pieces, piece) = context.pieces(value, tensor)?;
    let planes = with_height(&piece, D - 1);
    if planes.len() == D - 1 {
        return Ok((pieces, planes));
    }
    Err(format!("unexpected planes of shape {piece:?}").into())
}

/// A shape with an axis of height 1 before its last one, if it lacks one of `axes`.
fn with_height(shape: &[usize], axes: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    if shape.len() + 1 == axes && !shape.is_empty() {
        shape.insert(shape.len() - 1, 1);
    }
    shape
}

fn finish(mut context: Context, input_shape: &[usize]) -> Result<Network, Error> {
    if let Some(output) = context.jumping_output() {
        context.refuse_origin(output);
    }
    let output = context.output().cloned();
    if !context.refused.is_empty() {
        context.refused.sort_by_key(|refused| refused.index);
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
    let network = Network {
        input_shape: input_shape.to_vec(),
        nodes: context.nodes,
        output: output.id,
        output_activations: context.output_activations,
        target: context.target,
    };
    Ok(output::drop_scales(network))
}
