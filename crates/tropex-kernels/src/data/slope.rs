//! The slope of a leaky ReLU.

use super::Constant;

/// The factor that inactive units of a layer multiply their input by.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // a layer has one slope
pub enum Slope {
    /// One factor for all units.
    Uniform(f64),
    /// A factor for every unit, `[1, features]`.
    PerUnit(Constant<2>),
}
