//! Trained piecewise-linear classifiers: datasets, a model zoo, training and imported weights.
//!
//! This crate handles Burn modules and data. `tropex-extract` analyses the trained networks.
//! Neither crate depends on the other. Convolutions, poolings and steps of optimizers are those of
//! `tropex-kernels`.

pub mod checkpoint;
pub mod data;
pub mod import;
mod memory;
pub mod messages;
mod naming;
pub mod run;
#[cfg(test)]
mod testing;
pub mod training;
mod training_config;
pub mod weights;
pub mod zoo;

pub use memory::InsufficientMemory;
