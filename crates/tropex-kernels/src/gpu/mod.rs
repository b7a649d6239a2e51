//! The implementations for GPUs (backends `cuda` and `wgpu`), in f32.
//!
//! A function of this module returns `None` or `Continue` if it cannot do the work. The backend's
//! own operations then do it.

mod convolution;
mod kernels;
mod mask;
mod matmul;
mod pooling;
mod rows;
mod tensor;
#[cfg(test)]
mod tests;

pub(crate) use convolution::{convolve, convolve_transposed};
pub(crate) use mask::mask;
pub(crate) use matmul::{is_rounded, matmul};
pub(crate) use pooling::{pick, scatter};
