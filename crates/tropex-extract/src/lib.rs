//! Linear terms of piecewise-linear networks, extracted from any Burn module.
//!
//! A classifier built from affine maps and maxima computes `N_c(x) = F_c(x) - G(x)`, a difference
//! of two maxima of affine functions. [`capture()`] records a module's forward pass as a [`Network`];
//! an [`Extractor`] pulls the affine functions that are active at given points back to the input.
//!
//! One graph, several walks: *replay* runs points forward and remembers the linear piece that every
//! unit chose, *pullback* carries coefficient rows from the logits to the input, and a [`Gauge`]
//! chooses the shifts that keep the rows non-negative. *Pushforward* carries directions the other
//! way; the crate `tropex-geometry` finds with it where linear regions end.

pub mod capture;
mod error;
mod exact;
pub mod extract;
pub mod function;
pub mod gauge;
pub mod job;
pub mod network;
pub mod ops;
pub mod points;
pub mod store;
pub mod terms;
mod unsupported;

pub use capture::capture;
pub use error::Error;
pub use extract::Extractor;
pub use function::ExtractedFunction;
pub use gauge::{Gauge, Shifts};
pub use job::{ExtractOptions, Progress};
pub use network::Network;
pub use points::PointSource;
pub use store::TermStore;
pub use terms::{Classes, LinearTerms, SelfCheck, Terms, Violations};
pub use tropex_kernels::{AffineRows, ComputeTarget, DeviceError, Devices, Precision};
pub use unsupported::Unsupported;
