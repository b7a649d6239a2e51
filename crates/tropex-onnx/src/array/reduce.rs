//! Reductions along an axis, which then has extent 1.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use super::Array;
use crate::error::OpError;

impl Array {
    pub(crate) fn sum(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a sum")?;
        Ok(self.map(|tensor| Dispatch::float_sum_dim(tensor, axis)))
    }

    pub(crate) fn mean(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a mean")?;
        Ok(self.map(|tensor| Dispatch::float_mean_dim(tensor, axis)))
    }

    pub(crate) fn largest(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a maximum")?;
        Ok(self.map(|tensor| Dispatch::float_max_dim(tensor, axis)))
    }

    pub(crate) fn smallest(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a minimum")?;
        Ok(self.map(|tensor| Dispatch::float_min_dim(tensor, axis)))
    }
}
