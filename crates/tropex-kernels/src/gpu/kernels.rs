//! Kernels that compute one number per thread, and their launch sizes.
//!
//! All tensors are contiguous and in f32. Signs, shifts and winners have fewer numbers than rows of
//! several groups have, and repeat.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

/// The thread blocks for a number of threads, the threads of a block, and the width of an index
/// into the largest of the tensors.
pub(super) fn grid(threads: usize, tensors: &[&CubeTensor]) -> (CubeCount, CubeDim, AddressType) {
    let client = &tensors[0].client;
    let block = CubeDim::new(client, threads);
    let widths = tensors.iter().map(|tensor| tensor.required_address_type());
    let width = widths.max().unwrap_or_default();
    (calculate_cube_count_elemwise(client, threads, block), block, width)
}

/// Adds the shift to the rows from `shifted` on, and multiplies entries by the slope where the sign
/// is not positive. Signs and shifts repeat.
#[cube(launch, address_type = "dynamic")]
pub(super) fn mask_kernel(
    rows: &Tensor<f32>,
    sign: &Tensor<f32>,
    shift: &Tensor<f32>,
    output: &mut Tensor<f32>,
    slope: f32,
    shifted: usize,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let mut entry = rows[ABSOLUTE_POS];
    if ABSOLUTE_POS >= shifted {
        entry += shift[ABSOLUTE_POS % shift.len()];
    }
    if sign[ABSOLUTE_POS % sign.len()] <= 0.0 {
        entry *= slope;
    }
    output[ABSOLUTE_POS] = entry;
}

/// Writes the entry of every window to its winner. The planes must be zero.
#[cube(launch, address_type = "dynamic")]
pub(super) fn scatter_kernel<I: Int>(
    rows: &Tensor<f32>,
    winner: &Tensor<I>,
    shift: &Tensor<f32>,
    planes: &mut Tensor<f32>,
    shifted: usize,
    windows: usize,
    cells: usize,
    #[define(I)] _index: ElemType,
) {
    if ABSOLUTE_POS >= rows.len() {
        terminate!();
    }
    let mut entry = rows[ABSOLUTE_POS];
    if ABSOLUTE_POS >= shifted {
        entry += shift[ABSOLUTE_POS % shift.len()];
    }
    let cell = usize::cast_from(winner[ABSOLUTE_POS % winner.len()]);
    planes[ABSOLUTE_POS / windows * cells + cell] = entry;
}

/// Reads the winner of every window.
#[cube(launch, address_type = "dynamic")]
pub(super) fn pick_kernel<I: Int>(
    planes: &Tensor<f32>,
    winner: &Tensor<I>,
    output: &mut Tensor<f32>,
    windows: usize,
    cells: usize,
    #[define(I)] _index: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let cell = usize::cast_from(winner[ABSOLUTE_POS % winner.len()]);
    output[ABSOLUTE_POS] = planes[ABSOLUTE_POS / windows * cells + cell];
}
