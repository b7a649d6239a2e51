//! Replaces the implementations for GPUs in a build without the backends `cuda` and `wgpu`: every
//! function leaves the work to the backend.

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Int, Tensor};

use crate::attempt::Attempt;
use crate::data::{AffineRows, Slope};

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

pub(crate) fn mask(rows: AffineRows, _: &Tensor<2>, _: &Slope) -> Attempt<AffineRows> {
    Attempt::Continue(rows)
}

pub(crate) fn scatter(
    rows: AffineRows,
    _: &Tensor<3, Int>,
    _: usize,
    _: bool,
) -> Attempt<AffineRows> {
    Attempt::Continue(rows)
}

pub(crate) fn pick(values: Tensor<2>, _: &Tensor<3, Int>, _: usize) -> Attempt<Tensor<2>> {
    Attempt::Continue(values)
}
