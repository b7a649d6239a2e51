#![doc = include_str!("../README.md")]

mod array;
mod attributes;
mod constant;
mod decode;
mod error;
mod file;
mod graph;
#[cfg(test)]
mod malformed_tests;
mod model;
#[cfg(test)]
mod node_tests;
mod op_args;
mod ops;
mod options;
mod output;
mod probe;
mod proto;
mod run;
#[cfg(test)]
mod testing;
mod transpose_weights;
mod weights;

pub use error::{OnnxError, UnsupportedNode};
pub use model::OnnxModel;
pub use options::OnnxOptions;
pub use output::DroppedNode;
