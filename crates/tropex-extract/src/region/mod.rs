//! The geometry of linear regions: their boundaries, and how far these are.
//!
//! A *region* is the set of points at which every unit chooses the same piece, its *pattern*: a
//! polytope on which the network is affine. Different patterns may stand for the same affine map.

mod beyond;
mod boundary;
mod census;
mod class;
mod facet;
mod layout;
mod line;
mod path;
mod pattern;
mod polytope;
mod side;
mod simplex;
pub mod slice;

pub use beyond::RESOLUTION;
pub use boundary::{Distances, Nearest};
pub use census::{Constancy, Constant, RegionCount};
pub use class::ClassChange;
pub use facet::{Boundaries, Facet};
pub use line::Stretch;
pub use path::{Crossing, Path, Paths};
pub use pattern::{Agreement, Pattern, Patterns, RegionId};
pub use polytope::{Ball, Inequality, Polytope};
pub use side::{Regions, Side};
