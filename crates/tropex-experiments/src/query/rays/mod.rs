//! Rays from points in random directions, and where something changes along them.

mod change;
mod grid;
mod probe;
mod ray;

pub use change::{FirstChange, GridReading};
pub use grid::{STEPS, position};
pub use probe::{RayCost, RayProbe};
pub use ray::Rays;
