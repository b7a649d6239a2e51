//! Products, convolutions, poolings and masks on affine rows, for any Burn backend.
//!
//! Every operation has one function here and two bodies behind it: `generic`, written in Burn's own
//! operations, which runs on any backend, and `flex`, which works in place on the memory of Burn's
//! `flex` backend with SIMD instructions on all cores. A function takes the second body where the
//! tensors allow it; the tests compare the two. Nothing in this crate knows networks.

mod backend;
mod cache;
mod columns;
mod constant;
mod convolution;
mod device_error;
mod devices;
mod extremes;
#[cfg(feature = "flex")]
mod flex;
#[cfg(not(feature = "flex"))]
#[path = "without_flex.rs"]
mod flex;
mod generic;
mod mask;
mod matmul;
mod pooling;
mod read;
mod rows;
mod sparsity;
mod stencil;
mod target;
pub mod tiling;
mod visit;
mod weight;
mod windows;
mod worker_pool;

pub use backend::{is_cpu, is_ndarray};
pub use cache::get_or_init;
pub use columns::{Columns, gather, scatter_add};
pub use constant::Constant;
pub use convolution::{correlate, correlate_masked};
pub use device_error::DeviceError;
pub use devices::Devices;
pub use extremes::{extremes, lowest};
pub use mask::{Slope, mask};
pub use matmul::{is_rounded, matmul};
pub use pooling::{pick, scatter};
pub use read::read;
pub use rows::{AffineRows, RowsAndOffset, copy_rows, on_last_group};
pub use sparsity::{SparsityPattern, Taps};
pub use stencil::Stencil;
pub use target::{ComputeTarget, Precision};
pub use visit::visit_rows;
pub use weight::PackedWeight;
pub use windows::{Windows, largest};
pub use worker_pool::{Worker, WorkerPool};

use burn::tensor::Tensor;

/// Whether the `flex` bodies can read the tensor: it lies in the memory of this process, in order
/// and without gaps.
pub fn is_in_memory(tensor: &Tensor<2>) -> bool {
    flex::holds(tensor)
}
