//! Lowering of convolutions over one, two or three axes, and of transposed convolutions.

use burn::backend::ir::{
    Conv1dOpIr, Conv2dOpIr, Conv3dOpIr, ConvTranspose1dOpIr, ConvTranspose2dOpIr,
    ConvTranspose3dOpIr, TensorIr,
};
use burn::tensor::{Tensor, TensorData};

use super::planes::{planes_of, with_height};
use super::{LoweringContext, LoweringError};
use crate::ops::{Batched, ChannelPlanes, Conv, ConvSpec, Direction, Op, Spatial};

/// The tensors of a convolution.
struct ConvOperands<'a> {
    input: &'a TensorIr,
    weight: &'a TensorIr,
    bias: Option<&'a TensorIr>,
    out: &'a TensorIr,
}

macro_rules! operands {
    ($conv:expr) => {
        ConvOperands {
            input: &$conv.x,
            weight: &$conv.weight,
            bias: $conv.bias.as_ref(),
            out: &$conv.out,
        }
    };
}

/// Stride, dilation and groups of Burn's options, and a padding `(begin, end)` per axis.
macro_rules! spec {
    ($options:expr, $padding:expr) => {
        ConvSpec {
            stride: $options.stride,
            padding: $padding,
            dilation: $options.dilation,
            groups: $options.groups,
        }
    };
    // For options with equal padding at both ends.
    ($options:expr) => {
        spec!($options, $options.padding.map(|padding| (padding, padding)))
    };
}

pub(super) fn conv1d(
    context: &mut LoweringContext,
    conv: &Conv1dOpIr,
) -> Result<(), LoweringError> {
    let spec = spec!(conv.options, conv.options.padding);
    convolution(context, Direction::Forward, of_height_one(spec), &operands!(conv))
}

pub(super) fn conv2d(
    context: &mut LoweringContext,
    conv: &Conv2dOpIr,
) -> Result<(), LoweringError> {
    let spec = spec!(conv.options, conv.options.padding);
    convolution(context, Direction::Forward, spec, &operands!(conv))
}

pub(super) fn conv3d(
    context: &mut LoweringContext,
    conv: &Conv3dOpIr,
) -> Result<(), LoweringError> {
    convolution(context, Direction::Forward, spec!(conv.options), &operands!(conv))
}

pub(super) fn conv_transpose1d(
    context: &mut LoweringContext,
    conv: &ConvTranspose1dOpIr,
) -> Result<(), LoweringError> {
    let spec = of_height_one(spec!(conv.options));
    convolution(context, Direction::Transposed, spec, &operands!(conv))
}

pub(super) fn conv_transpose2d(
    context: &mut LoweringContext,
    conv: &ConvTranspose2dOpIr,
) -> Result<(), LoweringError> {
    convolution(context, Direction::Transposed, spec!(conv.options), &operands!(conv))
}

pub(super) fn conv_transpose3d(
    context: &mut LoweringContext,
    conv: &ConvTranspose3dOpIr,
) -> Result<(), LoweringError> {
    convolution(context, Direction::Transposed, spec!(conv.options), &operands!(conv))
}

/// The spec of a convolution over one axis for planes of height 1.
fn of_height_one(spec: ConvSpec<1>) -> ConvSpec<2> {
    let ConvSpec { stride: [stride], padding: [padding], dilation: [dilation], groups } = spec;
    ConvSpec { stride: [1, stride], padding: [(0, 0), padding], dilation: [1, dilation], groups }
}

fn convolution<const S: usize, const D: usize>(
    context: &mut LoweringContext,
    direction: Direction,
    spec: ConvSpec<S>,
    operands: &ConvOperands,
) -> Result<(), LoweringError>
where
    Tensor<D>: Spatial<S>,
    Op: From<Conv<S, D>>,
{
    let value = context.value(operands.input)?;
    let (pieces, input) = planes_of::<D>(context, &value, operands.input)?;
    let output = with_height(&operands.out.shape.to_vec()[1..], S + 1);
    let planes = |shape: &[usize]| {
        ChannelPlanes::new(shape).ok_or_else(|| format!("unexpected planes of shape {shape:?}"))
    };
    let weight = context.constant(operands.weight)?;
    let kernel = with_height(&weight.shape().to_vec(), D);
    let weight = TensorData::from_bytes(weight.clone().into_bytes(), kernel, weight.dtype());
    let bias = operands.bias.map(|bias| context.constant(bias).cloned()).transpose()?;
    let planes = [planes(&input)?, planes(&output)?];
    let op = Conv::<S, D>::new(direction, spec, weight, bias, planes, &context.target);
    let layer = context.layer(operands.weight);
    context.emit(Batched::of(op, pieces), &value, operands.out, layer)
}
