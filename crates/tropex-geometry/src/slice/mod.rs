//! All linear regions on a plane through input space, computed exactly.
//!
//! On a plane through input space a network is piecewise linear, and its regions are polygons. A
//! [`Partition`] lists the regions of a network in a [`Window`] of a [`Plane`]. A [`TermPartition`]
//! lists the regions of the function that extracted terms define.
//!
//! # Method
//! The window starts as one polygon. Node by node, every polygon is cut along the lines on which a
//! unit changes its piece. The cuts follow from the values at the *vertices*, which all polygons
//! around a vertex share. Neighbours are therefore cut at one vertex, and the polygons tile the
//! window without gaps or overlaps.

mod affine_maps;
mod fitted_window;
mod mesh;
mod mesh_cut;
mod modular_slopes;
mod network_partition;
mod overlap;
mod partition;
mod partition_progress;
mod plane;
mod region;
mod region_estimate;
mod subdivision;
mod terms;
mod upper_envelope;
mod vertex_rows;
mod window;

pub use fitted_window::FittedWindow;
pub use partition::Partition;
pub use plane::Plane;
pub use region::{ClassCell, PlaneAffine, SliceRegion};
pub use region_estimate::{RegionEstimate, estimate_regions};
pub use subdivision::SliceProgress;
pub use terms::{TermPartition, Winners};
pub use window::Window;
