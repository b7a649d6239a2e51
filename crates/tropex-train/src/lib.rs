//! Trained piecewise-linear classifiers: datasets, a model zoo, training and imported weights.
//!
//! This crate knows Burn modules and data. What the trained networks compute, region by region,
//! is the business of `tropex-extract`; the two do not know each other.

pub mod checkpoint;
pub mod data;
pub mod import;
mod memory;
pub mod messages;
pub mod run;
#[cfg(test)]
mod testing;
pub mod training;
pub mod weights;
pub mod zoo;

pub use memory::InsufficientMemory;
