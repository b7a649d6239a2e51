//! A captured network: operations in the order of execution.

mod dead;
mod display;
mod dot;
mod graph;
mod node;
mod node_table;
mod output_activation;
mod output_scales;
mod pushforward;
pub(crate) mod random;
mod replay;
pub(crate) mod rounding;
mod tiling;
mod value_id;
mod walk;

pub use graph::Network;
pub use node::Node;
pub use node_table::NodeRow;
pub use output_activation::OutputActivation;
pub use pushforward::{Inspected, Jet};
pub use replay::Trace;
pub use replay::argmax;
pub use value_id::ValueId;
