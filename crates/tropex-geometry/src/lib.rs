//! The geometry of linear regions: their boundaries, and how far these are.
//!
//! A *region* is the set of points at which every unit chooses the same piece, its *pattern*: a
//! polytope on which the network is affine. Different patterns may stand for the same affine map.
//!
//! [`Patterns`] reads the patterns of points, [`Paths`] finds the regions along lines, and
//! [`Regions`] the sides of the region of a point and how far they are. The last two compute in
//! f64, whatever the network's own precision.
//!
//! ```no_run
//! # use tropex_extract::{Error, Network};
//! # fn example(network: &Network, from: &[f64], to: &[f64]) -> Result<(), Error> {
//! use tropex_geometry::{Paths, Regions};
//!
//! for path in Paths::new(network)?.segments(from, to)? {
//!     println!("{} regions, the first change at {:?}", path.regions(), path.crossings.first());
//! }
//! for distances in Regions::new(network)?.distances(from)? {
//!     println!("nearest boundary: {:?}", distances.l2.map(|nearest| nearest.distance));
//! }
//! # Ok(())
//! # }
//! ```

mod beyond;
mod boundary;
mod census;
mod centre;
mod class;
mod error;
mod facet;
mod layout;
mod line;
mod path;
mod pattern;
mod polygon;
mod polytope;
mod program;
mod side;
pub mod slice;
mod solver;

pub use beyond::RESOLUTION;
pub use boundary::{Distances, Nearest};
pub use census::{Constancy, Constant, RegionCount};
pub use class::ClassChange;
pub use error::Error;
pub use facet::{Boundaries, Facet};
pub use line::Stretch;
pub use path::{Crossing, Path, Paths};
pub use pattern::{Agreement, Pattern, Patterns, RegionId};
pub use polytope::{Inequality, Polytope};
pub use program::{Ball, Essential, LargestBall};
pub use side::{Regions, Side};
