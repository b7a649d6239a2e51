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
#[cfg(test)]
mod tests;

pub(crate) use convolution::{convolve, convolve_transposed};
pub(crate) use mask::mask;
pub(crate) use matmul::{is_rounded, matmul};
pub(crate) use pooling::{pick, scatter};

use burn::backend::Cube;
use burn::tensor::{DType, Device, Tensor};
use burn_cubecl::tensor::CubeTensor;

/// The tensor in the memory of a GPU. `None` if it is elsewhere or not in f32.
fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    let is_single = tensor.dtype() == DType::F32;
    is_single.then(|| tensor.clone().try_into_primitive::<Cube>().ok()).flatten()
}

/// An uninitialised tensor in f32, contiguous. Burn's own pads the rows of matrices on CUDA.
fn empty<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::<1>::empty([shape.iter().product::<usize>()], (device, DType::F32)).reshape(shape)
}

/// Zeros in f32, contiguous.
fn zeros<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::<1>::zeros([shape.iter().product::<usize>()], (device, DType::F32)).reshape(shape)
}
