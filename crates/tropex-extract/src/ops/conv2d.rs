//! 2-D convolutions.

use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, TensorData};

use super::{Op, Piece, PiecewiseLinear, Pulled, only};
use crate::Placement;
use crate::constant::Constant;
use crate::interval::Interval;
use crate::rows::Rows;

/// Stride, padding, dilation and groups; `padding` is `(begin, end)` per axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2dSpec {
    /// Distance between windows.
    pub stride: [usize; 2],
    /// Cells of zero around the plane.
    pub padding: [(usize, usize); 2],
    /// Distance between the cells of a window.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

/// A cross-correlation with weights `[channels_out, channels_in / groups, height, width]`, and its
/// transpose to pull rows back.
#[derive(Clone, Debug)]
pub struct Conv2d {
    spec: Conv2dSpec,
    weight: Constant<4>,
    bias: Option<Constant<1>>,
    input: [usize; 3],
    output: [usize; 3],
    /// Whether the transpose runs as a forward convolution with turned kernels.
    turned: bool,
}

impl Conv2d {
    /// `input` and `output` are `[channels, height, width]`.
    pub(crate) fn new(
        spec: Conv2dSpec,
        weight: TensorData,
        bias: Option<TensorData>,
        [input, output]: [[usize; 3]; 2],
        placement: &Placement,
    ) -> Self {
        let weight = Constant::new(weight, placement);
        let bias = bias.map(|bias| Constant::new(bias, placement));
        let turned = prefers_turned(placement) || spec.padding.iter().any(|(b, e)| b != e);
        Self { spec, weight, bias, input, output, turned }
    }

    pub(crate) fn weight(&self) -> &TensorData {
        self.weight.data()
    }

    pub(crate) fn bias(&self) -> Option<&TensorData> {
        self.bias.as_ref().map(Constant::data)
    }

    /// The same convolution with other weights, of the same shape, and another bias.
    pub(crate) fn with_weights(
        &self,
        weight: TensorData,
        bias: Option<TensorData>,
        placement: &Placement,
    ) -> Self {
        let extents = [self.input, self.output];
        Self::new(self.spec.clone(), weight, bias, extents, placement)
    }

    pub(crate) fn spec(&self) -> &Conv2dSpec {
        &self.spec
    }

    /// `[channels, height, width]`
    pub(crate) fn input(&self) -> [usize; 3] {
        self.input
    }

    /// `[channels, height, width]`
    pub(crate) fn output(&self) -> [usize; 3] {
        self.output
    }

    pub(crate) fn kernel(&self) -> [usize; 2] {
        [self.weight.data().shape()[2], self.weight.data().shape()[3]]
    }

    fn pull(&self, rows: Tensor<2>, weight: Tensor<4>) -> Tensor<2> {
        let [count, _] = rows.dims();
        let [channels, height, width] = self.output;
        let planes = rows.reshape([count, channels, height, width]);
        let pulled = if self.turned {
            self.pull_turned(planes, weight)
        } else {
            self.pull_transposed(planes, weight)
        };
        pulled.reshape([count, self.input.iter().product::<usize>()])
    }

    /// Cells from the first to the last that some window of `axis` touches, padding included.
    fn touched(&self, axis: usize) -> usize {
        let windows = self.output[axis + 1];
        (windows - 1) * self.spec.stride[axis]
            + self.spec.dilation[axis] * (self.kernel()[axis] - 1)
            + 1
    }

    fn pull_transposed(&self, planes: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let Conv2dSpec { stride, padding, dilation, groups } = self.spec.clone();
        let rest =
            [0, 1].map(|axis| self.input[axis + 1] + 2 * padding[axis].0 - self.touched(axis));
        let padding = padding.map(|(begin, _)| begin);
        let options = ConvTransposeOptions::new(stride, padding, rest, dilation, groups);
        conv_transpose2d(planes, weight, None, options)
    }

    /// The transpose of a convolution is a convolution with stride 1: rows are spread out by the
    /// stride, kernels are turned by half a circle, inputs and outputs of a group swap places.
    fn pull_turned(&self, planes: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let mut planes = spread(planes, self.spec.stride);
        let mut padding = [(0, 0); 2];
        for axis in [0, 1] {
            let reach = self.spec.dilation[axis] * (self.kernel()[axis] - 1);
            let begin = reach as isize - self.spec.padding[axis].0 as isize;
            let extent = planes.dims()[axis + 2] as isize;
            let end = self.input[axis + 1] as isize + reach as isize - extent - begin;
            let (cut_begin, cut_end) = ((-begin).max(0), (-end).max(0));
            let kept = extent - cut_begin - cut_end;
            if kept <= 0 {
                return self.nothing(&planes);
            }
            planes = planes.narrow(axis + 2, cut_begin as usize, kept as usize);
            padding[axis] = (begin.max(0) as usize, end.max(0) as usize);
        }
        let (dilation, groups) = (self.spec.dilation, self.spec.groups);
        let options = ConvOptions::new_with_padding([1, 1], padding, dilation, groups);
        conv2d(planes, turn(weight, groups), None, options)
    }

    /// Rows at the input where all windows see padding alone.
    fn nothing(&self, planes: &Tensor<4>) -> Tensor<4> {
        let [channels, height, width] = self.input;
        let shape = [planes.dims()[0], channels, height, width];
        Tensor::zeros(shape, (&planes.device(), planes.dtype()))
    }

    fn offset(&self, rows: Tensor<2>) -> Option<Tensor<2>> {
        let bias = self.bias.as_ref()?.tensor();
        let [channels, height, width] = self.output;
        let [count, _] = rows.dims();
        let sums = rows.reshape([count * channels, height * width]).sum_dim(1);
        Some(sums.reshape([count, channels]).matmul(bias.reshape([channels, 1])))
    }
}

/// Burn's transposed convolution on ndarray is two orders of magnitude slower than its convolution.
fn prefers_turned(placement: &Placement) -> bool {
    crate::kernels::is_ndarray(placement.device())
}

/// Zeros between the cells of a plane, so that they are `stride` apart.
fn spread(planes: Tensor<4>, [down, across]: [usize; 2]) -> Tensor<4> {
    let [count, channels, height, width] = planes.dims();
    if [down, across] == [1, 1] {
        return planes;
    }
    let columns = padded(planes.reshape([count * channels * height, width, 1]), across - 1);
    let wide = width * across;
    let rows = padded(columns.reshape([count * channels, height, wide]), (down - 1) * wide);
    let spread = rows.reshape([count, channels, height * down, wide]);
    spread.narrow(2, 0, (height - 1) * down + 1).narrow(3, 0, (width - 1) * across + 1)
}

/// Zeros after the entries of the last axis.
fn padded(values: Tensor<3>, zeros: usize) -> Tensor<3> {
    if zeros == 0 {
        return values;
    }
    let [a, b, _] = values.dims();
    let zeros = Tensor::zeros([a, b, zeros], (&values.device(), values.dtype()));
    Tensor::cat(vec![values, zeros], 2)
}

/// Weights of the transpose: kernels turned by half a circle, `[channels_in, channels_out /
/// groups, height, width]`.
fn turn(weight: Tensor<4>, groups: usize) -> Tensor<4> {
    let [outputs, inputs, height, width] = weight.dims();
    let grouped = weight.flip([2, 3]).reshape([groups, outputs / groups, inputs, height * width]);
    grouped.swap_dims(1, 2).reshape([groups * inputs, outputs / groups, height, width])
}

impl PiecewiseLinear for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn detail(&self) -> String {
        let Conv2dSpec { stride, padding, dilation, groups } = &self.spec;
        let mut detail = super::window(self.kernel(), *stride, *padding);
        if *dilation != [1, 1] {
            detail += &format!(", dilation {}x{}", dilation[0], dilation[1]);
        }
        if *groups != 1 {
            detail += &format!(", {groups} groups");
        }
        detail
    }

    fn parameters(&self) -> usize {
        self.weight.len() + self.bias.as_ref().map_or(0, Constant::len)
    }

    fn constants(&self) -> Vec<&[u8]> {
        let bias = self.bias.iter().map(Constant::bytes);
        std::iter::once(self.weight.bytes()).chain(bias).collect()
    }

    fn place(&self, placement: &Placement) -> Op {
        self.with_weights(self.weight().clone(), self.bias().cloned(), placement).into()
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        let input = only(inputs);
        let [points, _] = input.dims();
        let [channels, height, width] = self.input;
        let Conv2dSpec { stride, padding, dilation, groups } = self.spec.clone();
        let planes = input.reshape([points, channels, height, width]);
        let bias = self.bias.as_ref().map(Constant::tensor);
        let options = ConvOptions::new_with_padding(stride, padding, dilation, groups);
        let output = conv2d(planes, self.weight.tensor(), bias, options);
        (output.reshape([points, self.output.iter().product::<usize>()]), Piece::Affine)
    }

    fn pullback(&self, rows: Rows, _: &Piece) -> Pulled {
        let points = rows.points();
        let rows = rows.into_tensor();
        let offset = self.offset(rows.clone());
        let pulled = self.pull(rows, self.weight.tensor());
        Pulled { rows: vec![Rows::new(pulled, points)], offset }
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        let pull = |rows, weight| self.pull(rows, weight);
        vec![interval.through(self.weight.tensor(), pull)]
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests;
