//! Weights of a captured network: kept on the host as captured, and on a device for computing.

use std::sync::{Arc, OnceLock};

use burn::tensor::{Tensor, TensorData};

use crate::Placement;

/// A constant tensor. Changing the placement starts from the host copy, so no digit is lost on a
/// detour over a lower precision.
#[derive(Clone, Debug)]
pub(crate) struct Constant<const D: usize> {
    data: Arc<TensorData>,
    tensor: Tensor<D>,
    /// See [`Constant::transposed`].
    transposed: Arc<OnceLock<Tensor<D>>>,
}

impl<const D: usize> Constant<D> {
    /// `data` must have `D` axes and a float type.
    pub(crate) fn new(data: TensorData, placement: &Placement) -> Self {
        let tensor = placement.tensor(data.clone());
        Self { data: Arc::new(data), tensor, transposed: Arc::default() }
    }

    pub(crate) fn place(&self, placement: &Placement) -> Self {
        let tensor = placement.tensor(self.data().clone());
        Self { data: self.data.clone(), tensor, transposed: Arc::default() }
    }

    pub(crate) fn tensor(&self) -> Tensor<D> {
        self.tensor.clone()
    }

    pub(crate) fn data(&self) -> &TensorData {
        &self.data
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.data.as_bytes()
    }

    pub(crate) fn len(&self) -> usize {
        self.data.num_elements()
    }
}

impl Constant<2> {
    /// The transpose, row by row in memory. Made when it is first asked for, and kept.
    pub(crate) fn transposed(&self) -> Tensor<2> {
        let transpose = || {
            let transposed = self.tensor.clone().transpose();
            let options = (&transposed.device(), transposed.dtype());
            Tensor::from_data(transposed.clone().into_data(), options)
        };
        self.transposed.get_or_init(transpose).clone()
    }
}
