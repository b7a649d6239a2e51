//! Lowering of layers that Burn records as one operation.

use burn::backend::ir::{BatchNormOpIr, ModuleOperationIr, OperationIr};
use burn::tensor::TensorData;

use super::{LoweringContext, LoweringError, NOT_PIECEWISE_LINEAR, NOT_SUPPORTED, conv, pool};
use crate::capture::linear::{linear_operand, product};
use crate::capture::rearrange::rearrange;
use crate::ops::ElementwiseAffine;

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &OperationIr,
    module: &ModuleOperationIr,
) -> Result<(), LoweringError> {
    use ModuleOperationIr as Ir;
    if let Some(operand) = linear_operand(context, module, operation.inputs()) {
        return product(context, operation, operand);
    }
    match module {
        Ir::Conv1d(op) => conv::conv1d(context, op),
        Ir::Conv2d(op) => conv::conv2d(context, op),
        Ir::Conv3d(op) => conv::conv3d(context, op),
        Ir::ConvTranspose1d(op) => conv::conv_transpose1d(context, op),
        Ir::ConvTranspose2d(op) => conv::conv_transpose2d(context, op),
        Ir::ConvTranspose3d(op) => conv::conv_transpose3d(context, op),
        Ir::BatchNorm(norm) => batch_norm(context, norm),
        Ir::MaxPool1d(op) => pool::max_pool(context, op),
        Ir::MaxPool1dWithIndices(op) => pool::max_pool(context, op),
        Ir::MaxPool2d(op) => pool::max_pool(context, op),
        Ir::MaxPool2dWithIndices(op) => pool::max_pool(context, op),
        Ir::AvgPool1d(op) => pool::average_pool(context, op),
        Ir::AvgPool2d(op) => pool::average_pool(context, op),
        Ir::AdaptiveAvgPool1d(op) => {
            pool::adaptive_average_pool(context, &op.x, &[op.output_size], &op.out)
        }
        Ir::AdaptiveAvgPool2d(op) => {
            pool::adaptive_average_pool(context, &op.x, &op.output_size, &op.out)
        }
        Ir::AdaptiveAvgPool3d(op) => {
            pool::adaptive_average_pool(context, &op.x, &op.output_size, &op.out)
        }
        Ir::Interpolate(op) => pool::interpolate(context, op),
        Ir::Unfold4d(_) => rearrange(context, "unfold", operation),
        Ir::LayerNorm(_) => Err("not piecewise linear; normalise with batch norm in evaluation \
                                 mode, which is affine"
            .into()),
        Ir::Attention(_) => Err(NOT_PIECEWISE_LINEAR.into()),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, channel by channel.
fn batch_norm(context: &mut LoweringContext, norm: &BatchNormOpIr) -> Result<(), LoweringError> {
    let value = context.value(&norm.x)?;
    let [gamma, beta, mean, variance] =
        [&norm.gamma, &norm.beta, &norm.mean, &norm.variance].map(|tensor| context.numbers(tensor));
    let (gamma, beta, mean, variance) = (gamma?, beta?, mean?, variance?);
    let epsilon: f64 = norm.epsilon.elem();
    let (pieces, piece) = context.pieces(&value, &norm.x)?;
    let (channels, cells) = match piece.split_first() {
        Some((&channels, rest)) => (channels, rest.iter().product()),
        None => (0, 0),
    };
    if [&gamma, &beta, &mean, &variance].iter().any(|data| data.len() != channels) {
        return Err(format!("expected {channels} values per parameter, one per channel").into());
    }
    let factors: Vec<f64> =
        gamma.iter().zip(&variance).map(|(gamma, v)| gamma / (v + epsilon).sqrt()).collect();
    let offsets: Vec<f64> =
        (0..channels).map(|channel| beta[channel] - mean[channel] * factors[channel]).collect();
    let every_cell = |values: &[f64]| {
        let piece = values.iter().flat_map(|&value| std::iter::repeat_n(value, cells));
        let features = pieces * channels * cells;
        let pieces = piece.cycle().take(features);
        TensorData::new(pieces.collect::<Vec<_>>(), [1, features])
    };
    let (factor, offset) = (every_cell(&factors), every_cell(&offsets));
    let op = ElementwiseAffine::new(Some(factor), Some(offset), &context.target);
    let layer = context.layer(&norm.gamma);
    context.emit(op, &value, &norm.out, layer)
}
