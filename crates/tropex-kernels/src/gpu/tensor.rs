//! Tensors in the memory of a GPU.

use burn::backend::Cube;
use burn::tensor::{DType, Device, Tensor};
use burn_cubecl::tensor::CubeTensor;

/// The tensor in the memory of a GPU. `None` if it is elsewhere or not in f32.
pub(super) fn on_gpu<const D: usize>(tensor: &Tensor<D>) -> Option<CubeTensor> {
    let is_single = tensor.dtype() == DType::F32;
    is_single.then(|| tensor.clone().try_into_primitive::<Cube>().ok()).flatten()
}

/// An uninitialised tensor in f32, contiguous. Burn's own pads the rows of matrices on CUDA.
pub(super) fn empty<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::<1>::empty([shape.iter().product::<usize>()], (device, DType::F32)).reshape(shape)
}

/// Zeros in f32, contiguous.
pub(super) fn zeros<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::<1>::zeros([shape.iter().product::<usize>()], (device, DType::F32)).reshape(shape)
}
