//! Steps of optimizers.

use std::ops::ControlFlow;

use burn::tensor::Tensor;

use crate::data::{AdamStep, MomentumStep};
use crate::{flex, generic};

impl MomentumStep {
    /// The value and its velocity after the step. Both are changed in place if nothing else holds
    /// their memory. Tensors must not be on an autodiff device.
    pub fn apply<const D: usize>(
        &self,
        value: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
    ) -> (Tensor<D>, Tensor<D>) {
        match flex::momentum_step(self, value, &gradient, velocity) {
            ControlFlow::Break(after) => after,
            ControlFlow::Continue((value, velocity)) => {
                generic::momentum_step(self, value, gradient, velocity)
            }
        }
    }
}

impl AdamStep {
    /// The value and its mean and mean square after the step. They are changed in place if nothing
    /// else holds their memory. Tensors must not be on an autodiff device.
    pub fn apply<const D: usize>(
        &self,
        value: Tensor<D>,
        gradient: Tensor<D>,
        moments: [Option<Tensor<D>>; 2],
    ) -> (Tensor<D>, [Tensor<D>; 2]) {
        match flex::adam_step(self, value, &gradient, moments) {
            ControlFlow::Break(after) => after,
            ControlFlow::Continue((value, moments)) => {
                generic::adam_step(self, value, gradient, moments)
            }
        }
    }
}
