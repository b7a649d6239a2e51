//! Pullbacks of rows and pushforwards of directions through a max pooling.

use burn::tensor::{Int, Tensor};

use crate::attempt::or_else;
use crate::data::AffineRows;
use crate::{flex, generic, gpu};

/// Pulls rows back through a maximum over windows: adds the pending shift, then moves the
/// coefficient of every window to its winner. Windows that `overlap` may have one winner.
///
/// # Shapes
/// - winner: `[points, channels, windows]`, positions among the `cells` of the channel's plane
pub fn scatter(
    rows: AffineRows,
    winner: &Tensor<3, Int>,
    cells: usize,
    overlap: bool,
) -> AffineRows {
    or_else(flex::scatter(rows, winner, cells, overlap), |rows| {
        let scattered = gpu::scatter(rows, winner, cells, overlap);
        or_else(scattered, |rows| generic::scatter(rows, winner, cells))
    })
}

/// The transpose of [`scatter`]: every window gets the value of its winner.
///
/// # Shapes
/// - values: `[groups * points, channels * cells]`
/// - output: `[groups * points, channels * windows]`
pub fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    or_else(flex::pick(values, winner, cells), |values| {
        or_else(gpu::pick(values, winner, cells), |values| generic::pick(values, winner, cells))
    })
}
