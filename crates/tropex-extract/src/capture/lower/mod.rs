//! Lowering of recorded operations to operations of a [`Network`], one file per family of Burn's
//! intermediate representation. Another operation needs another match arm.

mod activation;
mod base;
mod comparison;
mod conv;
mod float;
mod mask;
mod module;
mod numeric;
mod operand;
mod planes;
mod pool;
mod reduce;
mod scatter;

use std::collections::HashMap;

use burn::backend::ir::OperationIr;
use burn::tensor::TensorId;

use super::context::LoweringContext;
use super::evaluate::evaluate;
use super::lowering_error::{
    DIFFERS, LoweringError, MIXES_POINTS, NOT_PIECEWISE_LINEAR, NOT_SEEN, NOT_SUPPORTED, PRODUCT,
    STEPS,
};
use super::output;
use super::record::Recording;
use crate::{CaptureError, Error, Network};

pub(super) fn lower(recording: Recording, input_shape: &[usize]) -> Result<Network, Error> {
    let (mut context, operations) = LoweringContext::new(recording, input_shape);
    let last_reads = last_reads(&operations);
    for (index, operation) in &operations {
        lower_at(&mut context, *index, operation);
        let read = operation.inputs().map(|input| input.id);
        read.filter(|id| last_reads[id] == *index).for_each(|id| context.free_constant(id));
    }
    finish(context, input_shape)
}

/// The position of the last operation that reads each tensor.
fn last_reads(operations: &[(usize, OperationIr)]) -> HashMap<TensorId, usize> {
    let reads = operations
        .iter()
        .flat_map(|(index, operation)| operation.inputs().map(move |input| (input.id, *index)));
    reads.collect()
}

/// Lowers an operation. If it needs a value and an operand is discontinuous, the operation that
/// produced the operand is reported, and the lowering is repeated.
fn lower_at(context: &mut LoweringContext, index: usize, operation: &OperationIr) {
    loop {
        match lower_operation(context, operation) {
            Ok(()) => return context.record_origin(index, operation),
            Err(LoweringError::Unsupported(reason)) => {
                return context.report(index, operation, reason);
            }
            Err(LoweringError::DependsOnUnsupported) => return context.add_placeholders(operation),
            Err(LoweringError::Discontinuous(tensor)) => context.report_origin(tensor),
        }
    }
}

fn lower_operation(
    context: &mut LoweringContext,
    operation: &OperationIr,
) -> Result<(), LoweringError> {
    if operation.inputs().any(|input| context.is_unsupported_constant(input)) {
        return Err(LoweringError::DependsOnUnsupported);
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

fn finish(mut context: LoweringContext, input_shape: &[usize]) -> Result<Network, Error> {
    if let Some(output) = context.discontinuous_output() {
        context.report_origin(output);
    }
    let output = context.output().cloned();
    if !context.unsupported.is_empty() {
        context.unsupported.sort_by_key(|operation| operation.index);
        return Err(Error::Unsupported(context.unsupported));
    }
    let Some(output) = output else {
        return Err(CaptureError::ConstantOutput.into());
    };
    if output.shape.len() != 1 {
        return Err(CaptureError::OutputShape { shape: output.shape }.into());
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
