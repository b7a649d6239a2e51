//! Work in parts on the machines of a cluster.

pub mod command_plan;
pub mod engine;
pub mod follow;
mod hyperqueue;
mod slurm;

use engine::Engine;

/// All engines. A new engine is a file that implements [`Engine`], and a line here.
pub const ENGINES: &[&dyn Engine] = &[&slurm::Slurm, &hyperqueue::HyperQueue];
