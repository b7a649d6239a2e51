//! Products, convolutions, poolings and masks on affine rows, and layers of networks that are
//! trained, for any Burn backend.
//!
//! Every operation is one function with several implementations. The `generic` one uses Burn's own
//! operations and runs on any backend. The `flex` one works in place on the memory of Burn's `flex`
//! backend, with SIMD instructions on all cores. The `gpu` one launches kernels in f32 on the
//! backends `cuda` and `wgpu`. An operation uses them if their backend holds its tensors. The tests
//! compare the implementations. No code in this crate depends on networks.

mod attempt;
mod backend;
mod cache;
mod cancelled;
mod data;
#[cfg(not(all(feature = "flex", any(feature = "cuda", feature = "wgpu"))))]
mod declines;
mod device_error;
mod devices;
#[cfg_attr(not(feature = "flex"), path = "without_flex/flex.rs")]
mod flex;
mod generic;
#[cfg_attr(not(any(feature = "cuda", feature = "wgpu")), path = "without_gpu/gpu.rs")]
mod gpu;
mod operations;
mod precision;
mod read;
#[cfg_attr(not(feature = "flex"), path = "without_flex/simd.rs")]
mod simd;
mod sparsity;
mod target;
pub mod tiling;
mod worker_pool;

pub use backend::{flex_device, is_cpu, is_ndarray};
pub use cache::get_or_init;
pub use cancelled::Cancelled;
pub use data::{
    AdamStep, AffineRows, Columns, Constant, MomentumStep, PackedWeight, PoolingWindows,
    RowsAndOffset, Slope, Stencil, copy_rows,
};
pub use device_error::DeviceError;
pub use devices::Devices;
pub use operations::{
    conv2d, convolve, convolve_transposed, correlate, correlate_masked, extremes, flatten, gather,
    is_in_memory, is_rounded, largest, lowest, mask, matmul, max_pool2d, pick, row_major, scatter,
    scatter_add, visit_rows,
};
pub use precision::{ParsePrecisionError, Precision};
pub use read::read;
pub use simd::HostBackend;
pub use sparsity::{SparsityPattern, Taps};
pub use target::ComputeTarget;
pub use worker_pool::{Worker, WorkerPool};
