//! The geometry of linear regions: their boundaries, distances, patterns and plane sections.
//!
//! A *linear region* is a set of points on which no unit changes its piece. The pieces of all units
//! form its *activation pattern*. A region is a polytope on which the network is affine. Two
//! regions with different patterns may have equal affine maps.
//!
//! - [`Patterns`] reads the activation patterns of points.
//! - [`Paths`] finds the regions along straight lines.
//! - [`Regions`] computes the polytope of the region of a point and its distance to the boundary.
//! - [`mod@slice`] computes all regions on a plane.
//!
//! [`Paths`] and [`Regions`] compute in f64, for networks of any precision.
//!
//! ```no_run
//! # use tropex_extract::Network;
//! # use tropex_geometry::Error;
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

mod distance;
mod distance_method;
mod error;
mod facet;
mod lp;
mod path;
mod pattern;
mod polytope;
pub mod slice;
mod tensor;

pub use distance::{Distances, Nearest, NearestBoundaries};
pub use distance_method::DistanceMethod;
pub use error::Error;
pub use facet::{Facet, PiecewiseNodes};
pub use path::{ClassChange, Crossing, Path, Paths, RESOLUTION, RegionSegment};
pub use pattern::{
    Agreement, NodeStability, Pattern, Patterns, RegionCount, RegionId, StableUnits,
};
pub use polytope::{
    Ball, Halfspace, Inequality, LargestBall, Polytope, RedundancyRemoval, Regions,
};
