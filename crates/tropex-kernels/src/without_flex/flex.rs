//! Replaces the `flex` implementations in a build without Burn's `flex` backend: every function
//! leaves the work to the generic implementation or to the backend.

use std::ops::ControlFlow;

use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Int, Tensor};

use crate::attempt::Attempt;
use crate::data::{
    AdamStep, AdamStepped, AffineRows, Columns, MomentumStep, MomentumStepped, PackedWeight,
    PoolingWindows, RowsAndOffset, Stencil,
};
pub(crate) use crate::declines::{mask, pick, scatter};

pub(crate) fn gather(values: Tensor<2>, _: &Columns) -> Attempt<Tensor<2>> {
    Attempt::Continue(values)
}

pub(crate) fn scatter_add(values: Tensor<2>, _: &Columns, _: usize) -> Attempt<Tensor<2>> {
    Attempt::Continue(values)
}

pub(crate) fn lowest(_: &AffineRows) -> Option<Vec<f64>> {
    None
}

pub(crate) fn largest(
    _: &Tensor<2>,
    _: usize,
    _: &PoolingWindows,
) -> Option<(Tensor<2>, Tensor<3, Int>)> {
    None
}

/// Never called, because `flex` holds no tensor.
pub(crate) fn visit_rows<S: Send>(
    scores: Tensor<2>,
    bias: Tensor<2>,
    states: &mut [S],
    wanted: impl Fn(&S, f32) -> bool + Sync,
    visit: impl Fn(&mut S, &[f32]) + Sync,
) {
    crate::generic::visit_rows(scores, bias, states, wanted, visit);
}

pub(crate) fn product(
    _: &PackedWeight,
    _: &Tensor<2>,
    _: usize,
    _: Option<&Tensor<2>>,
) -> Option<Tensor<2>> {
    None
}

pub(crate) fn transposed_product(_: &PackedWeight, _: &Tensor<2>, _: usize) -> Option<Tensor<2>> {
    None
}

pub(crate) fn pullback(
    _: &PackedWeight,
    _: &AffineRows,
    _: Option<&Tensor<2>>,
) -> Option<RowsAndOffset> {
    None
}

pub(crate) fn correlate(
    _: &Tensor<2>,
    _: usize,
    _: &Stencil,
    _: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    None
}

pub(crate) fn correlate_masked(
    _: &AffineRows,
    _: &Stencil,
    _: Option<Tensor<1>>,
) -> Option<RowsAndOffset> {
    None
}

pub(crate) fn conv2d(
    _: &Tensor<4>,
    _: &Tensor<4>,
    _: &Tensor<1>,
    _: &ConvOptions<2>,
    _: Option<f64>,
) -> Option<Tensor<4>> {
    None
}

pub(crate) fn max_pool2d(_: &Tensor<4>, _: &MaxPoolOptions<2>) -> Option<Tensor<4>> {
    None
}

pub(crate) fn flatten(_: &Tensor<4>) -> Option<Tensor<2>> {
    None
}

pub(crate) fn row_major(_: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub(crate) fn momentum_step<const D: usize>(
    _: &MomentumStep,
    value: Tensor<D>,
    _: &Tensor<D>,
    velocity: Option<Tensor<D>>,
) -> MomentumStepped<D> {
    ControlFlow::Continue((value, velocity))
}

pub(crate) fn adam_step<const D: usize>(
    _: &AdamStep,
    value: Tensor<D>,
    _: &Tensor<D>,
    moments: [Option<Tensor<D>>; 2],
) -> AdamStepped<D> {
    ControlFlow::Continue((value, moments))
}
