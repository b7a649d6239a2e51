//! Layers that Burn records as a whole.

use burn::backend::ir::{
    AdaptiveAvgPool2dOpIr, AvgPool2dOpIr, BatchNormOpIr, Conv2dOpIr, MaxPool2dOpIr,
    ModuleOperationIr,
};
use burn::tensor::TensorData;

use super::{Context, NOT_SUPPORTED, Refusal, planes};
use crate::ops::{AxisWeights, Conv2d, Conv2dSpec, Diagonal, MaxPool2d, MaxPool2dSpec, Resample2d};

pub(super) fn lower(context: &mut Context, operation: &ModuleOperationIr) -> Result<(), Refusal> {
    use ModuleOperationIr as Ir;
    match operation {
        Ir::Conv2d(conv) => conv2d(context, conv),
        Ir::BatchNorm(norm) => batch_norm(context, norm),
        Ir::MaxPool2d(pool) => max_pool2d(context, pool),
        Ir::AvgPool2d(pool) => avg_pool2d(context, pool),
        Ir::AdaptiveAvgPool2d(pool) => adaptive_avg_pool2d(context, pool),
        Ir::LayerNorm(_) | Ir::Attention(_) => Err("not piecewise linear; normalise with batch \
                                                    norm in evaluation mode, which is affine"
            .into()),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

fn conv2d(context: &mut Context, conv: &Conv2dOpIr) -> Result<(), Refusal> {
    let (value, input) = planes(context.value(&conv.x)?)?;
    let output = shape_of_planes(context.point_shape(&conv.out)?)?;
    let weight = context.constant(&conv.weight)?.clone();
    let bias = conv.bias.as_ref().map(|bias| context.constant(bias).cloned()).transpose()?;
    let options = &conv.options;
    let spec = Conv2dSpec {
        stride: options.stride,
        padding: options.padding,
        dilation: options.dilation,
        groups: options.groups,
    };
    let op = Conv2d::new(spec, weight, bias, [input, output], &context.placement);
    let layer = context.layer(&conv.weight);
    context.emit(op, &[&value], &conv.out, layer)
}

fn shape_of_planes(shape: Vec<usize>) -> Result<[usize; 3], Refusal> {
    shape.try_into().map_err(|shape| format!("unexpected output shape {shape:?}"))
}

/// `gamma (x - mean) / sqrt(variance + epsilon) + beta`, channel by channel.
fn batch_norm(context: &mut Context, norm: &BatchNormOpIr) -> Result<(), Refusal> {
    let value = context.value(&norm.x)?;
    let numbers = |tensor| context.constant(tensor).map(|data| data.iter::<f64>().collect());
    let gamma: Vec<f64> = numbers(&norm.gamma)?;
    let [beta, mean, variance]: [Vec<f64>; 3] =
        [numbers(&norm.beta)?, numbers(&norm.mean)?, numbers(&norm.variance)?];
    let epsilon: f64 = norm.epsilon.elem();
    // Points that come in pieces have the pieces before the channels.
    let axis = (value.shape.len() + 1).saturating_sub(norm.x.shape.len());
    let channels = value.shape.get(axis).copied().unwrap_or(0);
    let features: usize = value.shape.iter().product();
    if [&gamma, &beta, &mean, &variance].iter().any(|data| data.len() != channels) {
        return Err(format!("expected {channels} values per parameter, one a channel"));
    }
    let factors: Vec<f64> =
        gamma.iter().zip(&variance).map(|(gamma, v)| gamma / (v + epsilon).sqrt()).collect();
    let offsets: Vec<f64> =
        (0..channels).map(|channel| beta[channel] - mean[channel] * factors[channel]).collect();
    let every_cell = |values: &[f64]| {
        let cells: usize = value.shape[axis + 1..].iter().product();
        let piece = values.iter().flat_map(|&value| std::iter::repeat_n(value, cells));
        let pieces = piece.cycle().take(features);
        TensorData::new(pieces.collect::<Vec<_>>(), [1, features])
    };
    let (factor, offset) = (every_cell(&factors), every_cell(&offsets));
    let op = Diagonal::new(Some(factor), Some(offset), &context.placement);
    let layer = context.layer(&norm.gamma);
    context.emit(op, &[&value], &norm.out, layer)
}

fn max_pool2d(context: &mut Context, pool: &MaxPool2dOpIr) -> Result<(), Refusal> {
    let (value, input) = context.planes(&pool.x)?;
    let output = shape_of_planes(context.point_shape(&pool.out)?)?;
    let padding = [0, 1].map(|axis| {
        let (begin, end) = value.padding[axis];
        (begin + pool.padding[axis], end + pool.padding[axis])
    });
    let spec = MaxPool2dSpec {
        kernel: pool.kernel_size,
        stride: pool.stride,
        padding,
        dilation: pool.dilation,
        ceil_mode: pool.ceil_mode,
    };
    context.emit(MaxPool2d::new(spec, input, output), &[&value], &pool.out, None)
}

fn avg_pool2d(context: &mut Context, pool: &AvgPool2dOpIr) -> Result<(), Refusal> {
    let (value, input) = planes(context.value(&pool.x)?)?;
    let output = shape_of_planes(context.point_shape(&pool.out)?)?;
    let weights = [0, 1].map(|axis| average_weights(pool, axis, input, output));
    let padding = pool.padding.map(|padding| (padding, padding));
    let detail = crate::ops::window(pool.kernel_size, pool.stride, padding);
    let op = Resample2d::new("average pool", detail, input[0], weights, &context.placement);
    context.emit(op, &[&value], &pool.out, None)
}

/// The share of every input cell in every window along one axis. A window that is cut off counts
/// its padding, if padding counts, but nothing beyond it.
fn average_weights(
    pool: &AvgPool2dOpIr,
    axis: usize,
    input: [usize; 3],
    output: [usize; 3],
) -> AxisWeights {
    let (kernel, stride, padding) = (pool.kernel_size[axis], pool.stride[axis], pool.padding[axis]);
    let extent = input[axis + 1];
    let window = |index: usize| {
        let begin = index * stride;
        let end = (begin + kernel).min(extent + 2 * padding);
        let inside = begin.max(padding)..end.min(extent + padding);
        let count = if pool.count_include_pad { end - begin } else { inside.len() };
        let share = 1.0 / count.max(1) as f64;
        let cell = |cell| if inside.contains(&(cell + padding)) { share } else { 0.0 };
        (0..extent).map(cell).collect()
    };
    (0..output[axis + 1]).map(window).collect()
}

fn adaptive_avg_pool2d(context: &mut Context, pool: &AdaptiveAvgPool2dOpIr) -> Result<(), Refusal> {
    let (value, input) = planes(context.value(&pool.x)?)?;
    let weights = [0, 1].map(|axis| adaptive_weights(input[axis + 1], pool.output_size[axis]));
    let detail = format!("to {}x{}", pool.output_size[0], pool.output_size[1]);
    let op =
        Resample2d::new("adaptive average pool", detail, input[0], weights, &context.placement);
    context.emit(op, &[&value], &pool.out, None)
}

/// Output cell `i` averages the input cells from `floor(i n / m)` to `ceil((i + 1) n / m)`.
fn adaptive_weights(inputs: usize, outputs: usize) -> AxisWeights {
    let window = |index: usize| {
        let cells = index * inputs / outputs..((index + 1) * inputs).div_ceil(outputs);
        let share = 1.0 / cells.len() as f64;
        (0..inputs).map(|cell| if cells.contains(&cell) { share } else { 0.0 }).collect()
    };
    (0..outputs).map(window).collect()
}
