//! Linear terms of piecewise-linear networks, extracted from any Burn module.
//!
//! A classifier built from affine maps and maxima computes `N_c(x) = F_c(x) - G(x)`, a difference
//! of two maxima of affine functions. [`capture()`] records the forward pass of a module as a
//! [`Network`]. An [`Extractor`] pulls the affine functions that are active at given points back to
//! the input.
//!
//! Every algorithm is a walk over the graph of the network. *Replay* runs points forward and
//! records the linear piece that every unit chose. *Pullback* carries coefficient rows from the
//! logits to the input. A [`Gauge`] chooses the shifts that keep the rows non-negative.
//! *Pushforward* carries directions from the input to the logits; the crate `tropex-geometry` uses
//! it to find the ends of linear regions.

pub mod capture;
mod capture_error;
mod error;
mod exact;
pub mod extract;
pub mod function;
pub mod gauge;
pub mod job;
pub mod network;
pub mod ops;
mod part_number;
pub mod points;
pub mod store;
pub mod terms;
mod unsupported;

pub use capture::capture;
pub use capture_error::CaptureError;
pub use error::Error;
pub use extract::Extractor;
pub use function::ExtractedFunction;
pub use gauge::{Gauge, ParseGaugeError, Shifts};
pub use job::{ExtractOptions, Progress};
pub use network::Network;
pub use points::PointSource;
pub use store::TermStore;
pub use terms::{Classes, LinearTerms, ParseClassesError, SelfCheck, Terms, Violations};
pub use tropex_kernels::{
    AffineRows, Cancelled, ComputeTarget, DeviceError, Devices, ParsePrecisionError, Precision,
};
pub use unsupported::UnsupportedOperation;
