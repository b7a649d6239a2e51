//! Pullbacks of rows through a leaky ReLU.

use burn::tensor::Tensor;

use crate::attempt::or_else;
use crate::data::{AffineRows, Slope};
use crate::{flex, generic, gpu};

/// Pulls rows back through a leaky ReLU: adds the pending shift, then multiplies the entries of
/// inactive units by the slope.
///
/// # Shapes
/// - sign: `[points, features]`, positive where the unit is active
pub fn mask(rows: AffineRows, sign: &Tensor<2>, slope: &Slope) -> AffineRows {
    or_else(flex::mask(rows, sign, slope), |rows| {
        or_else(gpu::mask(rows, sign, slope), |rows| generic::mask(rows, sign, slope))
    })
}
