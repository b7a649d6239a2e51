//! The operations, each with its implementations: generic, for `flex`, for GPUs.

mod columns;
mod convolution;
mod extremes;
mod layers;
mod mask;
mod matmul;
mod optimizer;
mod pooling;
mod products;
mod visit;
mod windows;

pub use columns::{gather, scatter_add};
pub use convolution::{convolve, convolve_transposed, correlate, correlate_masked};
pub use extremes::{extremes, lowest};
pub use layers::{conv2d, flatten, max_pool2d, row_major};
pub use mask::mask;
pub use matmul::{is_rounded, matmul};
pub use pooling::{pick, scatter};
pub use visit::visit_rows;
pub use windows::largest;

use burn::tensor::Tensor;

use crate::simd;

/// Whether the `flex` implementations can read the tensor: it is contiguous in the memory of this
/// process.
pub fn is_in_memory(tensor: &Tensor<2>) -> bool {
    simd::holds(tensor)
}
