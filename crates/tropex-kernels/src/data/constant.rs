//! Constants of a network, on the host and on a device.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use crate::target::ComputeTarget;

/// A constant tensor of a network.
///
/// A change of target starts from the numbers on the host, so that a change to a lower precision
/// and back loses no digits.
#[derive(Clone, Debug)]
pub struct Constant<const D: usize> {
    data: Arc<TensorData>,
    tensor: Tensor<D>,
}

impl<const D: usize> Constant<D> {
    /// A constant from its numbers, which must have `D` axes and a float type.
    pub fn new(data: TensorData, target: &ComputeTarget) -> Self {
        let tensor = target.tensor(data.clone());
        Self { data: Arc::new(data), tensor }
    }

    /// The constant on another device or in another precision.
    pub fn to_target(&self, target: &ComputeTarget) -> Self {
        let tensor = target.tensor(self.data().clone());
        Self { data: self.data.clone(), tensor }
    }

    /// The constant after `change` of every number, in f64.
    pub fn map(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Self {
        let numbers = self.data.iter::<f64>().map(change).collect::<Vec<f64>>();
        Self::new(TensorData::new(numbers, self.data.shape().clone()), target)
    }

    /// The tensor on the device.
    pub fn tensor(&self) -> Tensor<D> {
        self.tensor.clone()
    }

    /// The numbers as given.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// The bytes of the numbers as given.
    pub fn bytes(&self) -> &[u8] {
        self.data.as_bytes()
    }

    /// Number of numbers.
    #[allow(clippy::len_without_is_empty)] // a constant has at least one number
    pub fn len(&self) -> usize {
        self.data.num_elements()
    }
}
