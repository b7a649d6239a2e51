//! Numbers of f64 tensors on the host.

use burn::tensor::Tensor;

/// The numbers of an f64 tensor, row by row.
pub(crate) fn to_host(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().try_into_vec().expect("the geometry of regions is computed in f64")
}
