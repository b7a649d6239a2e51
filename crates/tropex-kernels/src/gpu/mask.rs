//! The pullback of rows through a leaky ReLU, in one kernel.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use burn_cubecl::kernel::into_contiguous;

use super::kernels::{grid, mask_kernel};
use super::rows::GpuRows;
use super::tensor::{empty, on_gpu};
use crate::attempt::Attempt;
use crate::data::{AffineRows, Slope};

/// [`crate::mask`] with one slope for all units.
pub(crate) fn mask(rows: AffineRows, sign: &Tensor<2>, slope: &Slope) -> Attempt<AffineRows> {
    match masked(&rows, sign, slope) {
        Some(masked) => ControlFlow::Break(AffineRows::new(masked, rows.points())),
        None => ControlFlow::Continue(rows),
    }
}

fn masked(rows: &AffineRows, sign: &Tensor<2>, slope: &Slope) -> Option<Tensor<2>> {
    let Slope::Uniform(slope) = slope else { return None };
    let GpuRows { entries, shift, shifted } = GpuRows::new(rows)?;
    let sign = into_contiguous(on_gpu(sign)?);
    let masked = empty(rows.tensor()?.dims(), &rows.tensor()?.device());
    let output = on_gpu(&masked)?;
    let tensors = [&entries, &sign, &shift, &output];
    let (blocks, block, width) = grid(sign.meta.num_elements(), &tensors);
    mask_kernel::launch(
        &entries.client.clone(),
        blocks,
        block,
        width,
        entries.into_tensor_arg(),
        sign.into_tensor_arg(),
        shift.into_tensor_arg(),
        output.into_tensor_arg(),
        *slope as f32,
        shifted,
    );
    Some(masked)
}
