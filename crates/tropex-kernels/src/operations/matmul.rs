//! Products of matrices in full precision.

use burn::tensor::Tensor;

/// The product `left . right` in the precision of its operands.
///
/// Burn's own product may use an accelerator. On NVIDIA GPUs the accelerator reads numbers as TF32,
/// with 10 of the 23 mantissa bits of an f32.
pub fn matmul<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if let Some(product) = on_gpu::matmul(&left, &right) {
        return product;
    }
    left.matmul(right)
}

/// Whether Burn's own product rounds matrices of this kind to TF32.
#[cfg_attr(not(any(feature = "cuda", feature = "wgpu")), allow(unused_variables))]
pub fn is_rounded<const D: usize>(matrix: &Tensor<D>) -> bool {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    return on_gpu::accelerated(matrix).is_some();
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    return false;
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod on_gpu {
    use burn::backend::Cube;
    use burn::tensor::{DType, Tensor};
    use burn_cubecl::cubecl::prelude::Scalar;
    use burn_cubecl::cubecl::tf32;
    use burn_cubecl::kernel::matmul::init_matmul_output;
    use burn_cubecl::tensor::CubeTensor;
    use cubek::matmul::definition::{MatmulElems, MatmulGlobalElems};
    use cubek::matmul::launch::launch_ref;
    use cubek::matmul::multi_level::Strategy;
    use cubek::std::InputBinding;

    /// The product without an accelerator. `None` if Burn's own product does not use one.
    pub(super) fn matmul<const D: usize>(left: &Tensor<D>, right: &Tensor<D>) -> Option<Tensor<D>> {
        let (left, right) = (accelerated(left)?, accelerated(right)?);
        let client = left.client.clone();
        let product = init_matmul_output(&left, &right, DType::F32);
        let single = f32::elem_type_native();
        let globals = MatmulGlobalElems { lhs: single, rhs: single, out: single };
        // The second strategy is slower, but takes matrices of any layout.
        let strategies = [Strategy::SimpleUnit(Default::default()), Strategy::Naive];
        let is_launched = strategies.into_iter().any(|strategy| {
            let launched = launch_ref(
                &strategy.into(),
                &client,
                InputBinding::new(left.clone().binding(), single),
                InputBinding::new(right.clone().binding(), single),
                product.clone().binding(),
                &mut MatmulElems::from_globals(&globals),
            );
            launched.is_ok()
        });
        is_launched.then(|| Tensor::from_primitive::<Cube>(product))
    }

    /// The matrix, if Burn multiplies it by an accelerator.
    pub(super) fn accelerated<const D: usize>(matrix: &Tensor<D>) -> Option<CubeTensor> {
        if matrix.dtype() != DType::F32 {
            return None;
        }
        let matrix = matrix.clone().try_into_primitive::<Cube>().ok()?;
        let has_tf32 = matrix.client.properties().supports_type(tf32::elem_type_native());
        has_tf32.then_some(matrix)
    }
}
