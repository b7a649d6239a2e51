//! Tests of the public API of the crate.

mod capture;
mod common;
mod damaged;
mod exports;
mod models;
mod public;
mod refusals;
