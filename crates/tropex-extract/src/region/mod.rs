//! The geometry of linear regions: their boundaries, and how far these are.
//!
//! A *region* is the set of points at which every unit chooses the same piece, its *pattern*: a
//! polytope on which the network is affine. Different patterns may stand for the same affine map.

mod facet;
pub mod slice;

pub use facet::{Boundaries, Facet};
