//! Lowering of pooling and interpolation.

use std::collections::HashMap;

use burn::backend::ir::{
    AvgPool1dOpIr, AvgPool2dOpIr, InterpolateOpIr, MaxPool1dOpIr, MaxPool1dWithIndicesOpIr,
    MaxPool2dOpIr, MaxPool2dWithIndicesOpIr, ModuleOperationIr, OperationIr, TensorIr,
};
use burn::tensor::TensorData;

use super::planes::{planes_of, with_height};
use super::{LoweringContext, LoweringError};
use crate::capture::evaluate::Evaluator;
use crate::capture::linear::read_weights;
use crate::ops::{AxisWeights, Batched, MaxPool2d, MaxPool2dSpec, Op, Separable};

/// A recorded max pooling. Windows over one axis have height 1.
pub(super) struct RecordedMaxPool<'a> {
    input: &'a TensorIr,
    out: &'a TensorIr,
    spec: MaxPool2dSpec,
}

macro_rules! max_pool {
    ($($op:ident: $of:expr),+ $(,)?) => {$(
        impl<'a> From<&'a $op> for RecordedMaxPool<'a> {
            fn from(op: &'a $op) -> Self {
                let two = $of;
                let spec = MaxPool2dSpec {
                    kernel: two(1, op.kernel_size),
                    stride: two(1, op.stride),
                    padding: two(0, op.padding).map(|padding| (padding, padding)),
                    dilation: two(1, op.dilation),
                    ceil_mode: op.ceil_mode,
                };
                Self { input: &op.x, out: &op.out, spec }
            }
        }
    )+};
}

max_pool! {
    MaxPool1dOpIr: |first, second| [first, second],
    MaxPool1dWithIndicesOpIr: |first, second| [first, second],
    MaxPool2dOpIr: |_, both: [usize; 2]| both,
    MaxPool2dWithIndicesOpIr: |_, both: [usize; 2]| both,
}

pub(super) fn max_pool<'a>(
    context: &mut LoweringContext,
    pool: impl Into<RecordedMaxPool<'a>>,
) -> Result<(), LoweringError> {
    let RecordedMaxPool { input: tensor, out, mut spec } = pool.into();
    let value = context.padded_value(tensor)?;
    let (pieces, input) = planes_of::<4>(context, &value, tensor)?;
    let input =
        input.try_into().map_err(|shape| format!("unexpected planes of shape {shape:?}"))?;
    for ((begin, end), more) in spec.padding.iter_mut().zip(value.padding) {
        (*begin, *end) = (*begin + more.0, *end + more.1);
    }
    let op = MaxPool2d::new(spec, input, planes_after(out)?);
    context.emit(Batched::of(op, pieces), &value, out, None)
}

/// The planes `[channels, height, width]` of an output.
fn planes_after(out: &TensorIr) -> Result<[usize; 3], LoweringError> {
    let shape = with_height(&out.shape.to_vec()[1..], 3);
    Ok(shape.try_into().map_err(|shape| format!("unexpected planes of shape {shape:?}"))?)
}

/// A recorded average pooling along each of the last axes.
pub(super) struct RecordedAveragePool<'a> {
    input: &'a TensorIr,
    out: &'a TensorIr,
    kernel: Vec<usize>,
    stride: Vec<usize>,
    padding: Vec<usize>,
    count_include_pad: bool,
}

macro_rules! average_pool {
    ($($op:ident: $list:expr),+ $(,)?) => {$(
        impl<'a> From<&'a $op> for RecordedAveragePool<'a> {
            fn from(op: &'a $op) -> Self {
                let list = $list;
                Self {
                    input: &op.x,
                    out: &op.out,
                    kernel: list(op.kernel_size),
                    stride: list(op.stride),
                    padding: list(op.padding),
                    count_include_pad: op.count_include_pad,
                }
            }
        }
    )+};
}

average_pool! {
    AvgPool1dOpIr: |one: usize| vec![one],
    AvgPool2dOpIr: |two: [usize; 2]| two.to_vec(),
}

pub(super) fn average_pool<'a>(
    context: &mut LoweringContext,
    pool: impl Into<RecordedAveragePool<'a>>,
) -> Result<(), LoweringError> {
    let pool = pool.into();
    let padding: Vec<_> = pool.padding.iter().map(|&padding| (padding, padding)).collect();
    let detail = crate::ops::window(&pool.kernel, &pool.stride, &padding, &[]);
    let weights = |axis, inputs, outputs| pool.weights(axis, inputs, outputs);
    resample(context, "average pool", detail, pool.input, pool.out, weights)
}

impl RecordedAveragePool<'_> {
    /// The weight of every input cell in every window along one axis. If padding counts, a
    /// truncated window counts its padding, but no cells beyond the padding.
    fn weights(&self, axis: usize, inputs: usize, outputs: usize) -> AxisWeights {
        let (kernel, stride, padding) = (self.kernel[axis], self.stride[axis], self.padding[axis]);
        let window = |index: usize| {
            let begin = index * stride;
            let end = (begin + kernel).min(inputs + 2 * padding);
            let inside = begin.max(padding)..end.min(inputs + padding);
            let count = if self.count_include_pad { end - begin } else { inside.len() };
            let share = 1.0 / count.max(1) as f64;
            let cell = |cell| if inside.contains(&(cell + padding)) { share } else { 0.0 };
            (0..inputs).map(cell).collect()
        };
        (0..outputs).map(window).collect()
    }
}

pub(super) fn adaptive_average_pool(
    context: &mut LoweringContext,
    input: &TensorIr,
    size: &[usize],
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let detail = format!("to {}", crate::ops::extents(size));
    resample(context, "adaptive average pool", detail, input, out, adaptive_weights)
}

/// Output cell `i` of `m` averages the input cells from `floor(i n / m)` to `ceil((i + 1) n / m)`.
fn adaptive_weights(_: usize, inputs: usize, outputs: usize) -> AxisWeights {
    let window = |index: usize| {
        let cells = index * inputs / outputs..((index + 1) * inputs).div_ceil(outputs);
        let share = 1.0 / cells.len() as f64;
        (0..inputs).map(|cell| if cells.contains(&cell) { share } else { 0.0 }).collect()
    };
    (0..outputs).map(window).collect()
}

pub(super) fn interpolate(
    context: &mut LoweringContext,
    interpolate: &InterpolateOpIr,
) -> Result<(), LoweringError> {
    let detail = format!(
        "{} to {}",
        format!("{:?}", interpolate.options.mode).to_lowercase(),
        crate::ops::extents(&interpolate.output_size)
    );
    let resized = &interpolate.output_size;
    let extents: Vec<usize> = interpolate.x.shape.to_vec()[2..].to_vec();
    let axes = [0, 1].map(|axis| {
        interpolation_weights(context, interpolate, axis, [extents[axis], resized[axis]])
    });
    let [down, across] = axes;
    let weights = [down?, across?];
    let along = |axis: usize, _, _| weights[axis].clone();
    resample(context, "interpolate", detail, &interpolate.x, &interpolate.out, along)
}

/// The weights of an interpolation along one axis: those of Burn's interpolation of planes with
/// width (or height) 1.
fn interpolation_weights(
    context: &LoweringContext,
    interpolate: &InterpolateOpIr,
    axis: usize,
    [inputs, outputs]: [usize; 2],
) -> Result<AxisWeights, LoweringError> {
    let line = |extent| if axis == 0 { [extent, 1] } else { [1, extent] };
    let read = read_weights(line(inputs), |planes, count| {
        let mut interpolate = interpolate.clone();
        let ([height, width], size) = (line(inputs), line(outputs));
        interpolate.x.shape = [count, 1, height, width].into();
        interpolate.out.shape = [count, 1, size[0], size[1]].into();
        interpolate.output_size = size;
        let planes = TensorData::new(planes, interpolate.x.shape.clone());
        let filled = HashMap::from([(interpolate.x.id, planes)]);
        let operation = OperationIr::Module(ModuleOperationIr::Interpolate(interpolate));
        Ok(Evaluator::new(context, filled).run(&operation)?.iter().collect())
    })?;
    let weights = |row: Vec<(usize, f64)>| {
        let mut weights = vec![0.0; inputs];
        row.into_iter().for_each(|(cell, weight)| weights[cell] += weight);
        weights
    };
    Ok(read.into_iter().map(weights).collect())
}

/// Maps the last axes of planes, each by `weights(axis, inputs, outputs)`. The first of three axes
/// is mapped by a separate operation.
fn resample(
    context: &mut LoweringContext,
    name: &'static str,
    detail: String,
    tensor: &TensorIr,
    out: &TensorIr,
    weights: impl Fn(usize, usize, usize) -> AxisWeights,
) -> Result<(), LoweringError> {
    let mut value = context.value(tensor)?;
    let (pieces, piece) = context.pieces(&value, tensor)?;
    let after = out.shape.to_vec();
    let (channels, extents) = piece.split_first().ok_or("planes without channels")?;
    let outputs = &after[2..];
    if extents.len() != outputs.len() || !(1..=3).contains(&extents.len()) {
        return Err(format!("unexpected planes of shape {piece:?}").into());
    }
    let axes: Vec<AxisWeights> = extents
        .iter()
        .zip(outputs)
        .enumerate()
        .map(|(axis, (&inputs, &outputs))| weights(axis, inputs, outputs))
        .collect();
    let mut planes = pieces * channels;
    let mut weights = axes.into_iter().map(Some);
    if let &[depth, height, width] = extents {
        let first = [weights.next().flatten(), None];
        let shape = [planes, depth, height * width];
        let op = Separable::new(name, detail.clone(), shape, first, &context.target);
        planes *= outputs[0];
        value = context.push(op, &[&value], vec![planes, height, width], None);
    }
    let (plane, both) = match extents {
        &[width] => ([planes, 1, width], [None, weights.next().flatten()]),
        [.., height, width] => {
            ([planes, *height, *width], [weights.next().flatten(), weights.next().flatten()])
        }
        [] => return Err("planes without extent".into()),
    };
    let op: Op = Separable::new(name, detail, plane, both, &context.target).into();
    context.emit(op, &value, out, None)
}
