//! The few steps between matrix products, written so that memory is touched once.
//!
//! Each has a form in Burn's own operations, for any backend, and one for the `flex` backend that
//! works in place on all cores; the tests hold the two against each other.

#[cfg(feature = "flex")]
mod flex;
#[cfg(all(test, feature = "flex"))]
mod tests;
mod visit;

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};

use crate::rows::Rows;

pub(crate) use visit::visit_rows;

/// Rows through a leaky ReLU: shifted where a shift is pending, then multiplied by `slope` at
/// inactive units. `sign` is `[points, features]`, positive where the unit is active.
pub(crate) fn mask(rows: Rows, sign: &Tensor<2>, slope: f64) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if flex::holds_rows(&rows) && flex::holds(sign) {
        return flex::mask(rows, sign, slope);
    }
    mask_anywhere(rows, sign, slope)
}

fn mask_anywhere(rows: Rows, sign: &Tensor<2>, slope: f64) -> Tensor<2> {
    let (points, groups) = (rows.points(), rows.groups());
    let rows = rows.into_tensor();
    let [count, features] = rows.dims();
    let inactive = sign.clone().lower_equal_elem(0);
    let factor = sign.ones_like().mask_fill(inactive, slope).unsqueeze_dim::<3>(0);
    let masked = rows.reshape([groups, points, features]) * factor;
    masked.reshape([count, features])
}

/// Rows through a maximum over windows: every coefficient goes to the winner of its window, after
/// a pending shift. `winner` is `[points, channels, windows]` with positions among the `cells` of
/// the channel's plane.
pub(crate) fn scatter(rows: Rows, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if flex::holds_rows(&rows) {
        return flex::scatter(rows, winner, cells);
    }
    scatter_anywhere(rows, winner, cells)
}

fn scatter_anywhere(rows: Rows, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let groups = rows.groups();
    let rows = rows.into_tensor();
    let [count, _] = rows.dims();
    let [_, channels, windows] = winner.dims();
    let plane = Tensor::zeros([count, channels, cells], (&rows.device(), rows.dtype()));
    let rows = rows.reshape([count, channels, windows]);
    let winner = winner.clone().repeat_dim(0, groups);
    let scattered = plane.scatter(2, winner, rows, IndexingUpdateOp::Add);
    scattered.reshape([count, channels * cells])
}

/// Whether the device is Burn's ndarray backend.
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
pub(crate) fn is_ndarray(device: &Device) -> bool {
    *device == Device::ndarray()
}

/// Whether the device is Burn's ndarray backend, which this build does not have.
#[cfg(not(feature = "ndarray"))]
pub(crate) fn is_ndarray(_: &Device) -> bool {
    false
}

/// Whether the device is a CPU, which multiplies and adds `f32` as IEEE 754 says.
#[allow(deprecated)] // ndarray and tch are, and are supported as long as Burn has them
pub(crate) fn is_cpu(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    if *device == Device::flex() {
        return true;
    }
    #[cfg(feature = "tch")]
    if *device == Device::libtorch() {
        return true;
    }
    is_ndarray(device)
}
