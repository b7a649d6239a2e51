//! Products of rows, and the few steps between them, written so that memory is touched once.
//!
//! Each has a form in Burn's own operations, for any backend, and one for the `flex` backend that
//! works in place on all cores; the tests hold the two against each other.

mod columns;
#[cfg(feature = "flex")]
mod dense;
mod extremes;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod gated;
mod kept;
mod matmul;
#[cfg(feature = "flex")]
mod matrix;
mod neighbours;
#[cfg(feature = "flex")]
mod panels;
mod part;
mod product;
#[cfg(feature = "flex")]
mod simd;
#[cfg(feature = "flex")]
mod space;
#[cfg(feature = "flex")]
mod sparse;
mod stencil;
#[cfg(all(test, feature = "flex"))]
mod tests;
mod visit;
mod windows;

use std::ops::Range;

use burn::tensor::kind::Basic;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};

use crate::constant::Constant;
use crate::rows::Rows;

pub(crate) use columns::{Columns, gather, scatter_add};
pub(crate) use extremes::{extremes, lowest};
#[cfg(feature = "flex")]
pub(crate) use gated::Lanes;
pub(crate) use kept::kept;
pub(crate) use matmul::{is_rounded, matmul};
pub(crate) use neighbours::Neighbours;
#[cfg(feature = "flex")]
use panels::Panels;
pub(crate) use part::{at_work, part, points_of_a_thread, points_pulled, workers};
pub(crate) use product::{Factor, Gated, correlate, correlate_gated, is_ours};
pub(crate) use stencil::Stencil;
pub(crate) use visit::visit_rows;
pub(crate) use windows::{Windows, largest};

/// Some rows of a tensor in a tensor of their own.
pub(crate) fn rows<const D: usize, K: Basic>(
    tensor: &Tensor<D, K>,
    rows: Range<usize>,
) -> Tensor<D, K> {
    if rows == (0..tensor.dims()[0]) {
        return tensor.clone();
    }
    let part = tensor.clone().narrow(0, rows.start, rows.len());
    // A view of the whole is no tensor that kernels of ours can work on.
    Tensor::from_data(part.into_data(), (&tensor.device(), tensor.dtype()))
}

/// What the inactive units of a layer do to their input.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one a layer
pub(crate) enum Slope {
    /// All multiply it by the same factor.
    One(f64),
    /// Each has a factor of its own, `[1, features]`.
    Each(Constant<2>),
}

/// Rows through a leaky ReLU: shifted where a shift is pending, then multiplied by the slope at
/// inactive units. `sign` is `[points, features]`, positive where the unit is active.
pub(crate) fn mask(rows: Rows, sign: &Tensor<2>, slope: &Slope) -> Rows {
    let points = rows.points();
    #[cfg(feature = "flex")]
    if rows.lanes().is_some() && matches!(slope, Slope::One(0.0)) {
        return rows.map_lanes(|lanes| lanes.behind(sign));
    }
    #[cfg(feature = "flex")]
    let rows = rows.in_tensor();
    #[cfg(feature = "flex")]
    if flex::holds_rows(&rows) && flex::holds(sign) {
        return Rows::new(flex::mask(rows, sign, slope), points);
    }
    Rows::new(mask_anywhere(rows, sign, slope), points)
}

fn mask_anywhere(rows: Rows, sign: &Tensor<2>, slope: &Slope) -> Tensor<2> {
    let (points, groups) = (rows.points(), rows.groups());
    let rows = rows.into_tensor();
    let [count, features] = rows.dims();
    let inactive = sign.clone().lower_equal_elem(0);
    let ones = sign.ones_like();
    let factor = match slope {
        Slope::One(slope) => ones.mask_fill(inactive, *slope),
        Slope::Each(slopes) => {
            ones.mask_where(inactive, slopes.tensor().expand([points, features]))
        }
    };
    let masked = rows.reshape([groups, points, features]) * factor.unsqueeze_dim::<3>(0);
    masked.reshape([count, features])
}

/// Rows through a maximum over windows: every coefficient goes to the winner of its window, after
/// a pending shift. `winner` is `[points, channels, windows]` with positions among the `cells` of
/// the channel's plane, and windows that `overlap` may share one.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn scatter(rows: Rows, winner: &Tensor<3, Int>, cells: usize, overlap: bool) -> Rows {
    let points = rows.points();
    #[cfg(feature = "flex")]
    if rows.lanes().is_some() && !overlap {
        return rows.map_lanes(|lanes| lanes.scattered(winner, cells));
    }
    #[cfg(feature = "flex")]
    let rows = rows.in_tensor();
    #[cfg(feature = "flex")]
    if flex::holds_rows(&rows) {
        return Rows::new(flex::scatter(rows, winner, cells), points);
    }
    Rows::new(scatter_anywhere(rows, winner, cells), points)
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

/// The transpose of [`scatter`]: every window receives what its winner has.
pub(crate) fn pick(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if flex::holds(&values) {
        return flex::pick(values, winner, cells);
    }
    pick_anywhere(values, winner, cells)
}

fn pick_anywhere(values: Tensor<2>, winner: &Tensor<3, Int>, cells: usize) -> Tensor<2> {
    let [count, _] = values.dims();
    let [points, channels, windows] = winner.dims();
    let planes = values.reshape([count, channels, cells]);
    let winner = winner.clone().repeat_dim(0, count / points);
    planes.gather(2, winner).reshape([count, channels * windows])
}

/// Whether the device is Burn's flex backend, whose operations run in the pool of threads of this
/// process.
#[cfg(feature = "flex")]
pub(crate) fn is_flex(device: &Device) -> bool {
    *device == Device::flex()
}

/// Whether the device is Burn's flex backend, which this build does not have.
#[cfg(not(feature = "flex"))]
pub(crate) fn is_flex(_: &Device) -> bool {
    false
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
    #[cfg(feature = "tch")]
    if *device == Device::libtorch() {
        return true;
    }
    is_flex(device) || is_ndarray(device)
}
