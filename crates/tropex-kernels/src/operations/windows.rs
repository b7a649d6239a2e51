//! The largest cell of every window of a plane.

use burn::tensor::{Int, Tensor};

use crate::data::PoolingWindows;
use crate::flex;

/// The largest number of every window and its cell. On ties the first cell. `None` if the planes
/// are not in the memory of this process. The caller then uses the backend's own pooling.
///
/// # Shapes
/// - planes: `[points, channels * cells]`
/// - output: `[points, channels * windows]` and `[points, channels, windows]`
pub fn largest(
    planes: &Tensor<2>,
    channels: usize,
    windows: &PoolingWindows,
) -> Option<(Tensor<2>, Tensor<3, Int>)> {
    flex::largest(planes, channels, windows)
}
