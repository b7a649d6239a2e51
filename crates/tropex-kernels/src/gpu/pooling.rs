//! Pullbacks of rows and pushforwards of directions through a max pooling, one thread per window.

use std::ops::ControlFlow;

use burn::backend::Cube;
use burn::tensor::{DType, Int, Tensor};
use burn_cubecl::cubecl::ir::ElemType;
use burn_cubecl::cubecl::prelude::Scalar;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::kernels::{grid, pick_kernel, scatter_kernel};
use super::rows::GpuRows;
use super::tensor::{empty, on_gpu, zeros};
use crate::attempt::Attempt;
use crate::data::AffineRows;

/// [`crate::scatter`] of windows that do not overlap, so that no two threads write one cell.
pub(crate) fn scatter(
    rows: AffineRows,
    winner: &Tensor<3, Int>,
    cells: usize,
    overlap: bool,
) -> Attempt<AffineRows> {
    match (!overlap).then(|| scattered(&rows, winner, cells)).flatten() {
        Some(scattered) => ControlFlow::Break(AffineRows::new(scattered, rows.points())),
        None => ControlFlow::Continue(rows),
    }
}

fn scattered(rows: &AffineRows, winner: &Tensor<3, Int>, cells: usize) -> Option<Tensor<2>> {
    let GpuRows { entries, shift, shifted } = GpuRows::new(rows)?;
    let tensor = rows.tensor()?;
    let [_, channels, windows] = winner.dims();
    let (winner, index) = positions(winner)?;
    let scattered = zeros([tensor.dims()[0], channels * cells], &tensor.device());
    let output = on_gpu(&scattered)?;
    let tensors = [&entries, &winner, &shift, &output];
    let (blocks, block, width) = grid(winner.meta.num_elements(), &tensors);
    scatter_kernel::launch(
        &entries.client.clone(),
        blocks,
        block,
        width,
        entries.into_tensor_arg(),
        winner.into_tensor_arg(),
        shift.into_tensor_arg(),
        output.into_tensor_arg(),
        shifted,
        windows,
        cells,
        index,
    );
    Some(scattered)
}

/// [`crate::pick`].
pub(crate) fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Attempt<Tensor<2>> {
    match picked(&values, winner, cells) {
        Some(picked) => ControlFlow::Break(picked),
        None => ControlFlow::Continue(values),
    }
}

fn picked(values: &Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Option<Tensor<2>> {
    let [count, _] = values.dims();
    let [_, channels, windows] = winner.dims();
    let entries = into_contiguous(on_gpu(values)?);
    let (winner, index) = positions(winner)?;
    let picked = empty([count, channels * windows], &values.device());
    let output = on_gpu(&picked)?;
    let tensors = [&entries, &winner, &output];
    let (blocks, block, width) = grid(winner.meta.num_elements(), &tensors);
    pick_kernel::launch(
        &entries.client.clone(),
        blocks,
        block,
        width,
        entries.into_tensor_arg(),
        winner.into_tensor_arg(),
        output.into_tensor_arg(),
        windows,
        cells,
        index,
    );
    Some(picked)
}

/// The positions in the memory of a GPU and their type.
fn positions(winner: &Tensor<3, Int>) -> Option<(CubeTensor, ElemType)> {
    let index = match winner.dtype() {
        DType::I32 => i32::elem_type_native(),
        DType::I64 => i64::elem_type_native(),
        _ => return None,
    };
    let winner = winner.clone().try_into_primitive::<Cube>().ok()?;
    Some((into_contiguous(winner), index))
}
