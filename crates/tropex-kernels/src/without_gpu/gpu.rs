//! Replaces the implementations for GPUs in a build without the backends `cuda` and `wgpu`: every
//! function leaves the work to the backend.

use burn::tensor::Tensor;
use burn::tensor::ops::ConvOptions;

pub(crate) use crate::declines::{mask, pick, scatter};

pub(crate) fn matmul<const D: usize>(_: &Tensor<D>, _: &Tensor<D>) -> Option<Tensor<D>> {
    None
}

pub(crate) fn is_rounded<const D: usize>(_: &Tensor<D>) -> bool {
    false
}

pub(crate) fn convolve<const S: usize, const D: usize>(
    _: &Tensor<D>,
    _: &Tensor<D>,
    _: &ConvOptions<S>,
    _: [usize; S],
) -> Option<Tensor<D>> {
    None
}

pub(crate) fn convolve_transposed<const S: usize, const D: usize>(
    _: &Tensor<D>,
    _: &Tensor<D>,
    _: &ConvOptions<S>,
    _: [usize; S],
) -> Option<Tensor<D>> {
    None
}
