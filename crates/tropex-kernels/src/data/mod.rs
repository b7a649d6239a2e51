//! Operands of the operations: rows, weights, stencils, windows and columns.

mod columns;
mod constant;
mod optimizer;
mod rows;
mod slope;
mod stencil;
mod weight;
mod windows;

pub use columns::Columns;
pub use constant::Constant;
pub use optimizer::{AdamStep, MomentumStep};
pub(crate) use optimizer::{AdamStepped, MomentumStepped};
pub(crate) use rows::MIN_INTERLEAVED_GROUPS;
pub use rows::{AffineRows, RowsAndOffset, copy_rows};
pub use slope::Slope;
pub use stencil::Stencil;
pub use weight::PackedWeight;
pub use windows::PoolingWindows;
