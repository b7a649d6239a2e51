#![doc = include_str!("../README.md")]

mod args;
mod array;
mod attributes;
mod constant;
mod decode;
mod error;
mod file;
mod graph;
#[cfg(test)]
mod hostile_tests;
mod model;
#[cfg(test)]
mod node_tests;
mod ops;
mod options;
mod output;
mod probe;
mod proto;
mod run;
mod simplify;
mod weights;

pub use error::{OnnxError, Unsupported};
pub use model::OnnxModel;
pub use options::OnnxOptions;
pub use output::Dropped;
