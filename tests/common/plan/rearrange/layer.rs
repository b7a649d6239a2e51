//! Rearrangements of tensors.

use burn::module::Module;
use burn::nn::{PixelShuffleConfig, PixelUnshuffleConfig, Unfold4dConfig};
use burn::tensor::{Int, Slice, Tensor, TensorData, ops::PadMode};

use crate::common::module::Value;
use crate::common::module::value::each_rank;
use crate::common::plan::{Rearrange, Window};

#[derive(Module, Debug)]
pub(crate) struct Rearranged {
    #[module(skip)]
    step: Rearrange,
}

impl Rearranged {
    pub(crate) fn new(step: &Rearrange) -> Self {
        Self { step: step.clone() }
    }

    /// Axis 0 of a tensor counts points, so an axis of a plan is one lower.
    pub(crate) fn forward(&self, value: Value) -> Value {
        match &self.step {
            Rearrange::Reshape(to) => value.reshaped(to),
            Rearrange::Flatten { first, last } => flatten(value, first + 1, last + 1),
            Rearrange::Permute(axes) => each_rank!(value, x => permute(x, axes).into()),
            Rearrange::SwapAxes(one, other) => {
                each_rank!(value, x => x.swap_dims(one + 1, other + 1).into())
            }
            Rearrange::Slice(ranges) => {
                let slice = |range: &crate::common::plan::Range| {
                    Slice::new(range.start as isize, Some(range.end as isize), range.step)
                };
                let slices: Vec<Slice> =
                    [Slice::full()].into_iter().chain(ranges.iter().map(slice)).collect();
                each_rank!(value, x => x.slice(slices.as_slice()).into())
            }
            Rearrange::Narrow { axis, start, length } => {
                each_rank!(value, x => x.narrow(axis + 1, *start, *length).into())
            }
            Rearrange::Pad { padding, filler } => {
                let mode = || PadMode::Constant(*filler as f32);
                each_rank!(value, x => x.pad(padding.clone(), mode()).into())
            }
            Rearrange::Repeat { axis, times } => {
                each_rank!(value, x => x.repeat_dim(axis + 1, *times).into())
            }
            Rearrange::Expand(to) => each_rank!(value, x => expand(x, to).into()),
            Rearrange::Select { axis, indices } => {
                let indices: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
                let data = TensorData::new(indices.clone(), [indices.len()]);
                let indices = Tensor::<1, Int>::from_data(data, &value.device());
                each_rank!(value, x => x.select(axis + 1, indices).into())
            }
            Rearrange::Flip(axes) => each_rank!(value, x => flip(x, axes).into()),
            Rearrange::Squeeze(axis) => squeeze(value, axis + 1),
            Rearrange::Unsqueeze(axis) => unsqueeze(value, axis + 1),
            Rearrange::Windows { axis, size, step } => windows(value, axis + 1, *size, *step),
            Rearrange::Unfold(window) => unfold(value.into(), window).into(),
            Rearrange::PixelShuffle(by) => {
                PixelShuffleConfig::new(*by).init().forward(value.into()).into()
            }
            Rearrange::PixelUnshuffle(by) => {
                PixelUnshuffleConfig::new(*by).init().forward(value.into()).into()
            }
        }
    }
}

fn permute<const D: usize>(x: Tensor<D>, axes: &[usize]) -> Tensor<D> {
    x.permute(std::array::from_fn::<usize, D, _>(|to| if to == 0 { 0 } else { axes[to - 1] + 1 }))
}

fn expand<const D: usize>(x: Tensor<D>, to: &[usize]) -> Tensor<D> {
    let points = x.dims()[0];
    x.expand(std::array::from_fn::<usize, D, _>(|to_axis| {
        if to_axis == 0 { points } else { to[to_axis - 1] }
    }))
}

fn flip<const D: usize>(x: Tensor<D>, axes: &[usize]) -> Tensor<D> {
    match *axes {
        [a] => x.flip([a + 1]),
        [a, b] => x.flip([a + 1, b + 1]),
        [a, b, c] => x.flip([a + 1, b + 1, c + 1]),
        [a, b, c, d] => x.flip([a + 1, b + 1, c + 1, d + 1]),
        _ => panic!("plans flip one to four axes"),
    }
}

fn flatten(value: Value, first: usize, last: usize) -> Value {
    match (value, last - first) {
        (Value::Three(x), 1) => x.flatten::<2>(first, last).into(),
        (Value::Four(x), 1) => x.flatten::<3>(first, last).into(),
        (Value::Four(x), 2) => x.flatten::<2>(first, last).into(),
        (Value::Five(x), 1) => x.flatten::<4>(first, last).into(),
        (Value::Five(x), 2) => x.flatten::<3>(first, last).into(),
        (Value::Five(x), 3) => x.flatten::<2>(first, last).into(),
        (value, axes) => panic!("{} more axes of {:?} cannot be joined", axes, value.dims()),
    }
}

fn squeeze(value: Value, axis: usize) -> Value {
    match value {
        Value::Two(_) => panic!("plans keep one axis besides the points"),
        Value::Three(x) => x.squeeze_dim::<2>(axis).into(),
        Value::Four(x) => x.squeeze_dim::<3>(axis).into(),
        Value::Five(x) => x.squeeze_dim::<4>(axis).into(),
    }
}

fn unsqueeze(value: Value, axis: usize) -> Value {
    match value {
        Value::Two(x) => x.unsqueeze_dim::<3>(axis).into(),
        Value::Three(x) => x.unsqueeze_dim::<4>(axis).into(),
        Value::Four(x) => x.unsqueeze_dim::<5>(axis).into(),
        Value::Five(_) => panic!("plans have four axes besides the points at most"),
    }
}

fn windows(value: Value, axis: usize, size: usize, step: usize) -> Value {
    match value {
        Value::Two(x) => x.unfold::<3, _>(axis, size, step).into(),
        Value::Three(x) => x.unfold::<4, _>(axis, size, step).into(),
        Value::Four(x) => x.unfold::<5, _>(axis, size, step).into(),
        Value::Five(_) => panic!("plans have four axes besides the points at most"),
    }
}

fn unfold(x: Tensor<4>, window: &Window) -> Tensor<3> {
    let pair = |entries: &[usize]| [entries[0], entries[1]];
    Unfold4dConfig::new(pair(&window.kernel))
        .with_stride(pair(&window.stride))
        .with_dilation(pair(&window.dilation))
        .with_padding([window.padding[0].0, window.padding[1].0])
        .init()
        .forward(x)
}
