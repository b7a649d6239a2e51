//! The implementations for Burn's `flex` backend: in place, with SIMD instructions, on all cores.
//!
//! A function of this module returns `None` or `Err` if it cannot do the work. The generic
//! implementation then does it.

mod columns;
mod convolution;
mod extremes;
mod gemm;
mod in_place;
mod layers;
mod masked_gemm;
mod optimizer;
mod rows;
mod sparse;
mod stencil;
#[cfg(test)]
mod tests;
mod visit;
mod weight;
mod windows;

pub(crate) use columns::{gather, pick, scatter_add};
pub(crate) use extremes::lowest;
pub(crate) use in_place::{mask, scatter};
pub(crate) use layers::{conv2d, flatten, max_pool2d, row_major};
pub(crate) use optimizer::{adam_step, momentum_step};
pub(crate) use stencil::{correlate, correlate_masked};
pub(crate) use visit::visit_rows;
pub(crate) use weight::{product, pullback, transposed_product};
pub(crate) use windows::largest;

/// Smallest number of rows per task. It keeps the cost of scheduling low for short rows.
const ROWS_PER_TASK: usize = 8;
