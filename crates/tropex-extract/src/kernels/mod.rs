//! The few steps between matrix products, written so that memory is touched once.
//!
//! Each has a form in Burn's own operations, for any backend, and one for the `flex` backend that
//! works in place on all cores; the tests hold the two against each other.

#[cfg(feature = "flex")]
mod flex;
#[cfg(all(test, feature = "flex"))]
mod tests;

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};

use crate::rows::Rows;

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

/// The largest entry of every row of `scores + bias` and its column, the first on ties: `scores`
/// is `[rows, columns]`, `bias` `[1, columns]`.
pub(crate) fn row_maxima(scores: Tensor<2>, bias: Tensor<2>) -> (Vec<f64>, Vec<usize>) {
    #[cfg(feature = "flex")]
    if flex::holds(&scores) && flex::holds(&bias) {
        return flex::row_maxima(scores, bias);
    }
    row_maxima_anywhere(scores, bias)
}

fn row_maxima_anywhere(scores: Tensor<2>, bias: Tensor<2>) -> (Vec<f64>, Vec<usize>) {
    let (values, columns) = (scores + bias).max_dim_with_indices(1);
    let columns = columns.into_data().iter::<i64>().map(|column| column as usize).collect();
    (values.into_data().iter().collect(), columns)
}

/// Per feature the smallest coefficient of all negative and all positive rows. The last group are
/// the negative rows, the others differ from positive ones by these.
pub(crate) fn lowest(rows: &Rows) -> Vec<f64> {
    #[cfg(feature = "flex")]
    if rows.shift().is_none() && flex::holds_rows(rows) {
        return flex::lowest(rows);
    }
    lowest_anywhere(rows)
}

fn lowest_anywhere(rows: &Rows) -> Vec<f64> {
    let [linear, negative] = split(rows.clone());
    let below = negative + linear.min_dim(0).clamp_max(0);
    below.min_dim(1).into_data().iter().collect()
}

/// Per point the smallest coefficient of its negative and positive rows, and the largest absolute
/// value of one.
pub(crate) fn extremes(rows: Rows) -> Vec<(f64, f64)> {
    let [linear, negative] = split(rows);
    let all = Tensor::cat(vec![linear + negative.clone(), negative], 0);
    let smallest: Vec<f64> = all.clone().min_dim(2).min_dim(0).into_data().iter().collect();
    let largest: Vec<f64> = all.abs().max_dim(2).max_dim(0).into_data().iter().collect();
    smallest.into_iter().zip(largest).collect()
}

/// Linear and negative rows, `[groups, points, features]` both.
fn split(rows: Rows) -> [Tensor<3>; 2] {
    let (points, groups) = (rows.points(), rows.groups());
    let rows = rows.into_tensor();
    let [_, features] = rows.dims();
    let rows = rows.reshape([groups, points, features]);
    [rows.clone().narrow(0, 0, groups - 1), rows.narrow(0, groups - 1, 1)]
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
