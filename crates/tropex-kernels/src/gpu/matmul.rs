//! Products of matrices without tensor cores.

use burn::backend::Cube;
use burn::tensor::{DType, Tensor};
use burn_cubecl::cubecl::prelude::Scalar;
use burn_cubecl::cubecl::tf32;
use burn_cubecl::kernel::matmul::init_matmul_output;
use burn_cubecl::tensor::CubeTensor;
use cubek::matmul::definition::MatmulElems;
use cubek::matmul::launch::launch_ref;
use cubek::matmul::multi_level::Strategy;
use cubek::std::InputBinding;

use super::tensor::on_gpu;

/// The product without an accelerator. `None` if Burn's own product does not use one.
pub(crate) fn matmul<const D: usize>(left: &Tensor<D>, right: &Tensor<D>) -> Option<Tensor<D>> {
    let (left, right) = (accelerated(left)?, accelerated(right)?);
    let client = left.client.clone();
    let product = init_matmul_output(&left, &right, DType::F32);
    let single = f32::elem_type_native();
    // The second strategy is slower, but takes matrices of any layout.
    let strategies = [Strategy::SimpleUnit(Default::default()), Strategy::Naive];
    let is_launched = strategies.into_iter().any(|strategy| {
        let launched = launch_ref(
            &strategy.into(),
            &client,
            InputBinding::new(left.clone().binding(), single),
            InputBinding::new(right.clone().binding(), single),
            product.clone().binding(),
            &mut MatmulElems::from_single_dtype(single),
        );
        launched.is_ok()
    });
    is_launched.then(|| Tensor::from_primitive::<Cube>(product))
}

/// Whether Burn's own product rounds the matrix to TF32.
pub(crate) fn is_rounded<const D: usize>(matrix: &Tensor<D>) -> bool {
    accelerated(matrix).is_some()
}

/// The matrix, if Burn multiplies it by an accelerator.
fn accelerated<const D: usize>(matrix: &Tensor<D>) -> Option<CubeTensor> {
    let has_tf32 =
        |matrix: &CubeTensor| matrix.client.properties().supports_type(tf32::elem_type_native());
    on_gpu(matrix).filter(has_tf32)
}
