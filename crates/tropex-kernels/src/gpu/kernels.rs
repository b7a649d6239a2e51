//! Kernels for masks and poolings, and their launch sizes.
//!
//! All tensors are contiguous. A thread reads a sign or a winner once for all groups of rows.

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

/// An entry of the rows, with the shift if its index is `shifted` or more.
#[cube]
fn shifted_entry(rows: &Tensor<f32>, shift: &Tensor<f32>, at: usize, shifted: usize) -> f32 {
    let mut entry = rows[at];
    if at >= shifted {
        entry += shift[ABSOLUTE_POS % shift.len()];
    }
    entry
}

/// The cell of the winner of a window, among the cells of all planes of all points.
#[cube]
fn winning_cell<I: Int>(winner: &Tensor<I>, windows: usize, cells: usize) -> usize {
    ABSOLUTE_POS / windows * cells + usize::cast_from(winner[ABSOLUTE_POS])
}

/// Adds the shift to the rows from `shifted` on, and multiplies entries by the slope where the sign
/// is not positive. A thread computes the entries of one unit of a point in all groups.
#[cube(launch, address_type = "dynamic")]
pub(super) fn mask_kernel(
    rows: &Tensor<f32>,
    sign: &Tensor<f32>,
    shift: &Tensor<f32>,
    output: &mut Tensor<f32>,
    slope: f32,
    shifted: usize,
) {
    if ABSOLUTE_POS >= sign.len() {
        terminate!();
    }
    let is_inactive = sign[ABSOLUTE_POS] <= 0.0;
    for group in 0..rows.len() / sign.len() {
        let at = group * sign.len() + ABSOLUTE_POS;
        let mut entry = shifted_entry(rows, shift, at, shifted);
        if is_inactive {
            entry *= slope;
        }
        output[at] = entry;
    }
}

/// Adds the shift to the rows from `shifted` on, and writes the entry of every window to its
/// winner. The planes must be zero. A thread moves the entries of one window of a point in all
/// groups.
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
    if ABSOLUTE_POS >= winner.len() {
        terminate!();
    }
    let cell = winning_cell(winner, windows, cells);
    for group in 0..rows.len() / winner.len() {
        let at = group * winner.len() + ABSOLUTE_POS;
        planes[group * (winner.len() / windows * cells) + cell] =
            shifted_entry(rows, shift, at, shifted);
    }
}

/// Reads the winner of every window. A thread reads one window of a point in all groups.
#[cube(launch, address_type = "dynamic")]
pub(super) fn pick_kernel<I: Int>(
    planes: &Tensor<f32>,
    winner: &Tensor<I>,
    output: &mut Tensor<f32>,
    windows: usize,
    cells: usize,
    #[define(I)] _index: ElemType,
) {
    if ABSOLUTE_POS >= winner.len() {
        terminate!();
    }
    let cell = winning_cell(winner, windows, cells);
    for group in 0..output.len() / winner.len() {
        let from = group * (winner.len() / windows * cells) + cell;
        output[group * winner.len() + ABSOLUTE_POS] = planes[from];
    }
}
