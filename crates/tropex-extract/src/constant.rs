//! Weights of a captured network: kept on the host as captured, and on a device for computing.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use crate::Placement;

/// A constant tensor. Changing the placement starts from the host copy, so no digit is lost on a
/// detour over a lower precision.
#[derive(Clone, Debug)]
pub(crate) struct Constant<const D: usize> {
    data: Arc<TensorData>,
    tensor: Tensor<D>,
}

impl<const D: usize> Constant<D> {
    /// `data` must have `D` axes and a float type.
    pub(crate) fn new(data: TensorData, placement: &Placement) -> Self {
        let tensor = placement.tensor(data.clone());
        Self { data: Arc::new(data), tensor }
    }

    pub(crate) fn place(&self, placement: &Placement) -> Self {
        let tensor = placement.tensor(self.data().clone());
        Self { data: self.data.clone(), tensor }
    }

    /// Other numbers in the same places, in f64.
    pub(crate) fn map(&self, change: &dyn Fn(f64) -> f64, placement: &Placement) -> Self {
        let numbers = self.data.iter::<f64>().map(change).collect::<Vec<f64>>();
        Self::new(TensorData::new(numbers, self.data.shape().clone()), placement)
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
