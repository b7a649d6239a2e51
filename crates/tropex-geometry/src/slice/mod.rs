//! Exact pictures of linear regions on planes through input space.
//!
//! On a plane through input space a network is piecewise linear with polygons as regions. A
//! [`Partition`] lists those in a [`Window`] on a [`Plane`]; a [`TermPartition`] those of the function
//! that extracted terms make up.
//!
//! # How it is found
//! The window starts as one polygon. At every node of the network polygons are cut along the lines
//! where units change their piece, and the walk goes on with the parts. What is looked at are the
//! values at the *vertices*: each belongs to all polygons around it, so neighbours are cut at the
//! same place, bit by bit, and the polygons tile the window.

mod cut;
mod expected;
mod maximum;
mod mesh;
mod partition;
mod pieces;
mod plane;
mod residue;
mod terms;
mod walk;
mod window;

pub use expected::{EXPECTED_POINTS, expected_regions};
pub use partition::{Affine, Cell, Partition, Region};
pub use plane::Plane;
pub use terms::{TermPartition, Winners};
pub use walk::SliceProgress;
pub use window::Window;
