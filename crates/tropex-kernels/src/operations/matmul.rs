//! Products of matrices in full precision.

use burn::tensor::Tensor;

use crate::gpu;

/// The product `left . right` in the precision of its operands.
///
/// Burn's own product may use an accelerator. On NVIDIA GPUs the accelerator reads numbers as TF32,
/// with 10 of the 23 mantissa bits of an f32.
pub fn matmul<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    gpu::matmul(&left, &right).unwrap_or_else(|| left.matmul(right))
}

/// Whether Burn's own product rounds matrices of this kind to TF32.
pub fn is_rounded<const D: usize>(matrix: &Tensor<D>) -> bool {
    gpu::is_rounded(matrix)
}
