//! A cross-correlation and its transpose, over any number of axes.

use std::sync::{Arc, OnceLock};

use burn::tensor::module::{conv_transpose2d, conv_transpose3d, conv2d, conv3d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{self as kernels, Constant, Stencil, is_cpu, is_ndarray};

use crate::ComputeTarget;

/// Stride, padding, dilation and groups of a convolution.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConvSpec<const S: usize> {
    /// Distance between windows, in cells.
    pub stride: [usize; S],
    /// Cells of zeros around the plane, `(begin, end)` per axis.
    pub padding: [(usize, usize); S],
    /// Distance between the cells of a window.
    pub dilation: [usize; S],
    /// Number of groups of channels that are convolved separately.
    pub groups: usize,
}

/// Number of channels and the extent of their planes along each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelPlanes<const S: usize> {
    /// Number of channels.
    pub channels: usize,
    /// Number of cells along each axis.
    pub extent: [usize; S],
}

impl<const S: usize> ChannelPlanes<S> {
    /// From a shape `[channels, extents..]`; `None` for another number of axes.
    pub(crate) fn new(shape: &[usize]) -> Option<Self> {
        let (&channels, extent) = shape.split_first()?;
        Some(Self { channels, extent: extent.try_into().ok()? })
    }

    pub(super) fn cells(&self) -> usize {
        self.extent.iter().product()
    }

    pub(super) fn features(&self) -> usize {
        self.channels * self.cells()
    }

    /// The shape `[count, channels, extents..]`.
    fn shape<const D: usize>(&self, count: usize) -> [usize; D] {
        let mut shape = [count; D];
        shape[1] = self.channels;
        shape[2..].copy_from_slice(&self.extent);
        shape
    }
}

/// One number per channel, added to every cell.
type Bias = Option<Tensor<1>>;

/// Burn's convolutions over `S` axes, for tensors `[count, channels, extents..]`.
pub trait Spatial<const S: usize>: Sized {
    /// Cross-correlation, followed by the addition of a bias.
    fn correlate(self, weight: Self, bias: Bias, options: ConvOptions<S>) -> Self;

    /// Transpose of a cross-correlation, followed by the addition of a bias.
    fn correlate_transposed(
        self,
        weight: Self,
        bias: Bias,
        options: ConvTransposeOptions<S>,
    ) -> Self;
}

impl Spatial<2> for Tensor<4> {
    fn correlate(self, weight: Self, bias: Bias, options: ConvOptions<2>) -> Self {
        conv2d(self, weight, bias, options)
    }

    fn correlate_transposed(
        self,
        weight: Self,
        bias: Bias,
        options: ConvTransposeOptions<2>,
    ) -> Self {
        conv_transpose2d(self, weight, bias, options)
    }
}

impl Spatial<3> for Tensor<5> {
    fn correlate(self, weight: Self, bias: Bias, options: ConvOptions<3>) -> Self {
        conv3d(self, weight, bias, options)
    }

    fn correlate_transposed(
        self,
        weight: Self,
        bias: Bias,
        options: ConvTransposeOptions<3>,
    ) -> Self {
        conv_transpose3d(self, weight, bias, options)
    }
}

/// The stencils of a correlation and its transpose, built on first use.
#[derive(Debug, Default)]
pub(super) struct Stencils {
    pub(super) down: OnceLock<Stencil>,
    pub(super) up: OnceLock<Stencil>,
}

/// A cross-correlation from `large` planes to `small` planes with weights `[channels of small,
/// channels of large / groups, kernel..]`. `D` is `S + 2`.
#[derive(Clone, Debug)]
pub(super) struct Correlation<const S: usize, const D: usize> {
    pub(super) spec: ConvSpec<S>,
    pub(super) weight: Constant<D>,
    pub(super) large: ChannelPlanes<S>,
    pub(super) small: ChannelPlanes<S>,
    /// Whether the transpose is computed as a correlation with flipped kernels.
    flipped: bool,
    pub(super) stencils: Arc<Stencils>,
}

impl<const S: usize, const D: usize> Correlation<S, D>
where
    Tensor<D>: Spatial<S>,
{
    pub(super) fn new(
        spec: ConvSpec<S>,
        weight: TensorData,
        [large, small]: [ChannelPlanes<S>; 2],
        target: &ComputeTarget,
    ) -> Self {
        Self::of(spec, Constant::new(weight, target), [large, small], target)
    }

    /// The correlation with another weight of equal shape, which is on the target.
    pub(super) fn with_weight(&self, weight: Constant<D>, target: &ComputeTarget) -> Self {
        Self::of(self.spec.clone(), weight, [self.large, self.small], target)
    }

    fn of(
        spec: ConvSpec<S>,
        weight: Constant<D>,
        [large, small]: [ChannelPlanes<S>; 2],
        target: &ComputeTarget,
    ) -> Self {
        let kernel = std::array::from_fn(|axis| weight.data().shape()[axis + 2]);
        let flipped = prefers_flipped(&spec, kernel, target);
        Self { spec, weight, large, small, flipped, stencils: Arc::default() }
    }

    pub(super) fn kernel(&self) -> [usize; S] {
        let shape = self.weight.data().shape();
        std::array::from_fn(|axis| shape[axis + 2])
    }

    /// Large planes `[count, features]` to small planes, with the given weight.
    pub(super) fn down(&self, values: Tensor<2>, weight: Tensor<D>, bias: Bias) -> Tensor<2> {
        let [count, _] = values.dims();
        let ConvSpec { stride, padding, dilation, groups } = self.spec.clone();
        let planes: Tensor<D> = values.reshape(self.large.shape::<D>(count));
        let options = ConvOptions::new_with_padding(stride, padding, dilation, groups);
        let extent = self.small.extent;
        if let Some(planes) = kernels::convolve(&planes, &weight, bias.as_ref(), &options, extent) {
            return planes.reshape([count, self.small.features()]);
        }
        let mut planes = planes.correlate(weight, bias, options);
        // Burn may compute one more window if the last cells belong to no window of a transposed
        // convolution.
        for axis in 0..S {
            let windows = self.small.extent[axis];
            if planes.dims()[axis + 2] > windows {
                planes = planes.narrow(axis + 2, 0, windows);
            }
        }
        planes.reshape([count, self.small.features()])
    }

    /// Small planes `[count, features]` to large planes, by the transpose of [`Self::down`].
    pub(super) fn up(&self, values: Tensor<2>, weight: Tensor<D>, bias: Bias) -> Tensor<2> {
        let [count, _] = values.dims();
        let ConvSpec { stride, padding, dilation, groups } = self.spec.clone();
        let planes: Tensor<D> = values.reshape(self.small.shape::<D>(count));
        let options = ConvOptions::new_with_padding(stride, padding, dilation, groups);
        let extent = self.large.extent;
        let product =
            kernels::convolve_transposed(&planes, &weight, bias.as_ref(), &options, extent);
        let planes = match product {
            Some(planes) => planes,
            None if self.flipped => self.up_flipped(planes, weight, bias),
            None => self.up_direct(planes, weight, bias),
        };
        planes.reshape([count, self.large.features()])
    }

    /// Number of cells from the first to the last cell of all windows along an axis, including
    /// padding.
    fn touched(&self, axis: usize) -> usize {
        (self.small.extent[axis] - 1) * self.spec.stride[axis] + self.reach(axis) + 1
    }

    /// Distance from the first to the last cell of a window along an axis.
    fn reach(&self, axis: usize) -> usize {
        self.spec.dilation[axis] * (self.kernel()[axis] - 1)
    }

    pub(super) fn up_direct(&self, planes: Tensor<D>, weight: Tensor<D>, bias: Bias) -> Tensor<D> {
        let ConvSpec { stride, padding, dilation, groups } = self.spec.clone();
        let rest = std::array::from_fn(|axis| {
            self.large.extent[axis] + 2 * padding[axis].0 - self.touched(axis)
        });
        let padding = padding.map(|(begin, _)| begin);
        let options = ConvTransposeOptions::new(stride, padding, rest, dilation, groups);
        planes.correlate_transposed(weight, bias, options)
    }

    /// The transpose of a correlation as a correlation with stride 1: zeros are inserted between
    /// values, kernels are flipped along all axes, and the inputs and outputs of a group are
    /// exchanged.
    pub(super) fn up_flipped(&self, planes: Tensor<D>, weight: Tensor<D>, bias: Bias) -> Tensor<D> {
        let mut planes = insert_zeros(planes, self.spec.stride);
        let mut padding = [(0, 0); S];
        for (axis, padding) in padding.iter_mut().enumerate() {
            let reach = self.reach(axis) as isize;
            let begin = reach - self.spec.padding[axis].0 as isize;
            let extent = planes.dims()[axis + 2] as isize;
            let end = self.large.extent[axis] as isize + reach - extent - begin;
            let (cut_begin, cut_end) = ((-begin).max(0), (-end).max(0));
            let inside = extent - cut_begin - cut_end;
            if inside <= 0 {
                return self.bias_planes(&planes, bias);
            }
            planes = planes.narrow(axis + 2, cut_begin as usize, inside as usize);
            *padding = (begin.max(0) as usize, end.max(0) as usize);
        }
        let (dilation, groups) = (self.spec.dilation, self.spec.groups);
        let options = ConvOptions::new_with_padding([1; S], padding, dilation, groups);
        planes.correlate(flip_kernels::<S, D>(weight, groups), bias, options)
    }

    /// Large planes if every window lies in the padding: zeros plus the bias.
    fn bias_planes(&self, planes: &Tensor<D>, bias: Bias) -> Tensor<D> {
        let shape = self.large.shape::<D>(planes.dims()[0]);
        let zeros = Tensor::zeros(shape, (&planes.device(), planes.dtype()));
        match bias {
            None => zeros,
            Some(bias) => {
                let mut extents = [1; D];
                extents[1] = self.large.channels;
                zeros + bias.reshape(extents)
            }
        }
    }
}

/// Whether the transpose runs as a correlation with flipped kernels. Burn's transposed convolution
/// pads both ends equally. Over two axes it is about 100 times slower than a convolution on
/// ndarray. Over three axes it gives wrong values between windows on GPUs if the stride exceeds the
/// window.
fn prefers_flipped<const S: usize>(
    spec: &ConvSpec<S>,
    kernel: [usize; S],
    target: &ComputeTarget,
) -> bool {
    let device = target.device();
    let is_asymmetric = spec.padding.iter().any(|(begin, end)| begin != end);
    let leaves_gaps = (0..S).any(|axis| spec.stride[axis] > spec.dilation[axis] * kernel[axis]);
    is_asymmetric
        || match S {
            2 => is_ndarray(device),
            _ => leaves_gaps && !is_cpu(device),
        }
}

/// Inserts zeros between the cells of planes, so that the distance of two cells is `stride`.
fn insert_zeros<const S: usize, const D: usize>(
    planes: Tensor<D>,
    stride: [usize; S],
) -> Tensor<D> {
    let mut planes = planes;
    for (axis, &stride) in stride.iter().enumerate().filter(|(_, stride)| **stride > 1) {
        let axis = axis + 2;
        let shape = planes.dims();
        let extent = shape[axis];
        let before = shape[..axis].iter().product();
        let after: usize = shape[axis + 1..].iter().product();
        let cells: Tensor<3> = planes.reshape([before, extent, after]);
        let separated = padded(cells, (stride - 1) * after);
        let mut target = shape;
        target[axis] = extent * stride;
        planes = separated.reshape(target).narrow(axis, 0, (extent - 1) * stride + 1);
    }
    planes
}

/// Appends zeros to the last axis.
fn padded(values: Tensor<3>, zeros: usize) -> Tensor<3> {
    let [a, b, _] = values.dims();
    let zeros = Tensor::zeros([a, b, zeros], (&values.device(), values.dtype()));
    Tensor::cat(vec![values, zeros], 2)
}

/// Weights of the transpose: kernels flipped along all axes, `[channels of large, channels of small
/// / groups, kernel..]`.
fn flip_kernels<const S: usize, const D: usize>(weight: Tensor<D>, groups: usize) -> Tensor<D> {
    let shape = weight.dims();
    let [outputs, inputs] = [shape[0], shape[1]];
    let cells = shape[2..].iter().product();
    let axes: [isize; S] = std::array::from_fn(|axis| axis as isize + 2);
    let grouped: Tensor<4> = weight.flip(axes).reshape([groups, outputs / groups, inputs, cells]);
    let mut flipped = shape;
    [flipped[0], flipped[1]] = [groups * inputs, outputs / groups];
    grouped.swap_dims(1, 2).reshape(flipped)
}
