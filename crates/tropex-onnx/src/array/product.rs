//! Matrix products, and layers that consist of them.

use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::{Dispatch, DispatchTensor};

use super::{Array, broadcast};
use crate::constant::{HostTensor, NumberKind};
use crate::error::OpError;

impl Array {
    /// Matrix product over the last two axes. The axes before them are broadcast.
    pub(crate) fn matmul(self, other: Self) -> Result<Self, OpError> {
        let (left, right) = (self.floats("a product")?.shape(), other.floats("a product")?.shape());
        let fit = || OpError(format!("matrices {left:?} and {right:?} do not fit together"));
        match (left.len(), right.len()) {
            (0, _) | (_, 0) => Err(fit()),
            (1, _) => {
                let row = [&[1], &left[..]].concat();
                let product = self.reshape(&row)?.matmul(other)?;
                let mut shape = product.shape();
                shape.remove(shape.len().saturating_sub(2));
                product.reshape(&shape)
            }
            (_, 1) => {
                let column = [&right[..], &[1]].concat();
                let product = self.matmul(other.reshape(&column)?)?;
                let shape = product.shape();
                product.reshape(&shape[..shape.len() - 1])
            }
            (axes, _) if left[axes - 1] != right[right.len() - 2] => Err(fit()),
            // All rows have one matrix, so one product replaces many.
            (3.., 2) => {
                let (rows, inputs) = left.split_at(left.len() - 1);
                let flat = [rows.iter().product(), inputs[0]];
                let product = self.reshape(&flat)?.matmul(other)?;
                product.reshape(&[rows, &right[1..]].concat())
            }
            (axes, others) => {
                let leading = broadcast(&left[..axes - 2], &right[..others - 2])?;
                let rank = leading.len() + 2;
                let (left, right) = (self.with_rank(rank)?, other.with_rank(rank)?);
                Ok(Self::float(Dispatch::float_matmul(left.tensor, right.tensor)))
            }
        }
    }

    /// Weighted sums of the entries along an axis, with weights `weights[output][input]`.
    pub(crate) fn mix(self, axis: usize, weights: &[Vec<f64>]) -> Result<Self, OpError> {
        let shape = self.shape();
        let (inputs, outputs) = (shape[axis], weights.len());
        if outputs == 0 || weights.iter().any(|row| row.len() != inputs) {
            return Err(format!("an axis of {inputs} entries cannot be resampled").into());
        }
        let options = self.options();
        let mut mixed = shape.clone();
        mixed[axis] = outputs;
        if axis + 1 == shape.len() && axis > 0 {
            let column = |input: usize| weights.iter().map(move |row| row[input]);
            let numbers = (0..inputs).flat_map(column).collect();
            let matrix = HostTensor::new(vec![inputs, outputs], numbers, NumberKind::Float);
            return self.matmul(Self::of(&matrix, &options)?);
        }
        let matrix = HostTensor::new(vec![outputs, inputs], weights.concat(), NumberKind::Float);
        let rest: usize = shape[axis + 1..].iter().product();
        let flat = [&shape[..axis], &[inputs, rest]].concat();
        Self::of(&matrix, &options)?.matmul(self.reshape(&flat)?)?.reshape(&mixed)
    }

    /// Applies a layer of Burn.
    pub(crate) fn through(
        self,
        operation: impl FnOnce(DispatchTensor) -> DispatchTensor,
    ) -> Result<Self, OpError> {
        self.floats("a layer")?;
        Ok(self.map(operation))
    }

    /// Batch norm, channel by channel: scale, shift, mean, variance.
    pub(crate) fn batch_norm(
        self,
        [scale, shift, mean, variance]: [Self; 4],
        epsilon: f64,
    ) -> Self {
        self.map(|tensor| {
            Dispatch::batch_norm(
                tensor,
                scale.tensor,
                shift.tensor,
                mean.tensor,
                variance.tensor,
                epsilon,
            )
        })
    }
}
