//! Linear terms of piecewise-linear networks, extracted from any Burn module.
//!
//! A classifier built from affine maps and maxima computes `N_c(x) = F_c(x) - G(x)`, a difference
//! of two maxima of affine functions. [`capture()`] records a module's forward pass as a [`Network`];
//! an [`Extractor`] pulls the affine functions that are active at given points back to the input.
//!
//! One graph, several walks: *replay* runs points forward and remembers the linear piece that every
//! unit chose, *pullback* carries coefficient rows from the logits to the input, and a [`Gauge`]
//! chooses the shifts that keep the rows non-negative. *Pushforward* carries directions the other
//! way; with it, [`region`] finds where linear regions end.

pub mod bounds;
pub mod capture;
mod constant;
mod crew;
mod devices;
mod error;
mod exact;
mod interval;
mod kernels;
pub mod network;
pub mod ops;
mod placement;
mod read;
pub mod region;
mod rows;
pub mod store;
pub mod terms;

pub use capture::capture;
pub use devices::Devices;
pub use error::Error;
pub use network::Network;
pub use placement::{Placement, Precision};
pub use rows::Rows;

pub use store::{PointSource, TermStore};
pub use terms::{
    Classes, ExtractedFunction, Extractor, Gauge, LinearTerms, SelfCheck, Shifts, Terms, Violations,
};
