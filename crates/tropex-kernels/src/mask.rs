//! Rows through a leaky ReLU.

use burn::tensor::Tensor;

use crate::{AffineRows, Constant, flex, generic};

/// The factor that inactive units of a layer multiply their input by.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // there is one a layer
pub enum Slope {
    /// One factor for all units.
    Uniform(f64),
    /// A factor for every unit, `[1, features]`.
    PerUnit(Constant<2>),
}

/// Rows pulled back through a leaky ReLU: adds the pending shift, then multiplies the entries of
/// inactive units by the slope.
///
/// # Shapes
/// - sign: `[points, features]`, positive where the unit is active
pub fn mask(rows: AffineRows, sign: &Tensor<2>, slope: &Slope) -> AffineRows {
    flex::mask(rows, sign, slope).unwrap_or_else(|rows| generic::mask(rows, sign, slope))
}
