//! Convolutions of planes, and their pullbacks of rows.

use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

use crate::data::{AffineRows, RowsAndOffset, Stencil};
use crate::{flex, gpu};

/// Planes through a stencil, plus a bias per output channel. `None` if the planes are not in the
/// memory of this process or are too few. The caller then uses the backend's own convolution.
///
/// # Shapes
/// - planes: `[groups * points, input channels * cells]`, group by group
/// - bias: `[output channels]`
/// - output: `[groups * points, output channels * cells]`
pub fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    flex::correlate(planes, points, stencil, bias)
}

/// Rows pulled back through a stencil where their active mask is positive, and the sums of the rows
/// times a bias per channel. `None` if the unmasked product takes less time.
///
/// # Shapes
/// - rows: `[groups * points, input channels * cells]`
/// - bias: `[input channels]`
/// - output: `[groups * points, output channels * cells]` and `[groups * points, 1]`
pub fn correlate_masked(
    rows: &AffineRows,
    stencil: &Stencil,
    bias: Option<Tensor<1>>,
) -> Option<RowsAndOffset> {
    flex::correlate_masked(rows, stencil, bias)
}

/// A cross-correlation on a GPU as a product of matrices in f32 with all digits, plus a bias per
/// channel. `None` for other devices, for f64, and for groups of channels. The caller then uses the
/// backend's own convolution.
///
/// The padding of `options` is that before the first cell of each axis. The extents of the output
/// determine the padding after the last cell.
///
/// # Shapes
/// - planes: `[count, input channels, extents..]`
/// - weight: `[output channels, input channels, kernel..]`
/// - bias: `[output channels]`
/// - output: `[count, output channels, output extents..]`
pub fn convolve<const S: usize, const D: usize>(
    planes: &Tensor<D>,
    weight: &Tensor<D>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<S>,
    extents: [usize; S],
) -> Option<Tensor<D>> {
    Some(with_bias(gpu::convolve(planes, weight, options, extents)?, bias))
}

/// The transpose of [`convolve`], plus a bias per channel. `None` also if the product of the
/// strides exceeds 4, because the product of matrices would multiply zeros between the windows.
///
/// # Shapes
/// - planes: `[count, output channels, output extents..]`
/// - weight: `[output channels, input channels, kernel..]`
/// - bias: `[input channels]`
/// - output: `[count, input channels, extents..]`
pub fn convolve_transposed<const S: usize, const D: usize>(
    planes: &Tensor<D>,
    weight: &Tensor<D>,
    bias: Option<&Tensor<1>>,
    options: &ConvOptions<S>,
    extents: [usize; S],
) -> Option<Tensor<D>> {
    Some(with_bias(gpu::convolve_transposed(planes, weight, options, extents)?, bias))
}

fn with_bias<const D: usize>(planes: Tensor<D>, bias: Option<&Tensor<1>>) -> Tensor<D> {
    let Some(bias) = bias else { return planes };
    let mut shape = [1; D];
    shape[1] = bias.dims()[0];
    planes + bias.clone().reshape(shape)
}
