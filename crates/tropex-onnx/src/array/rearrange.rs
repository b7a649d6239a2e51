//! Operations that move, repeat or drop the entries of an array.

use burn::backend::Dispatch;
use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::tensor::ops::PadMode;
use burn::tensor::{Shape, Slice, TensorData};

use super::{Array, broadcast};
use crate::constant::elements;
use crate::error::OpError;

impl Array {
    pub(crate) fn reshape(self, shape: &[usize]) -> Result<Self, OpError> {
        let own = self.shape();
        if own == shape {
            return Ok(self);
        }
        if elements(&own) != elements(shape) {
            return Err(format!("shape {own:?} cannot become {shape:?}").into());
        }
        let shape = Shape::from(shape.to_vec());
        let is_mask = self.is_mask();
        Ok(self.map(|tensor| match is_mask {
            true => Dispatch::bool_reshape(tensor, shape),
            false => Dispatch::float_reshape(tensor, shape),
        }))
    }

    pub(crate) fn permute(self, axes: &[usize]) -> Result<Self, OpError> {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.rank()).collect::<Vec<_>>() {
            return Err(format!("axes {axes:?} are no order of the {} axes", self.rank()).into());
        }
        if axes.is_sorted() {
            return Ok(self);
        }
        let is_mask = self.is_mask();
        Ok(self.map(|tensor| match is_mask {
            true => Dispatch::bool_permute(tensor, axes),
            false => Dispatch::float_permute(tensor, axes),
        }))
    }

    /// Repeats axes of extent 1, and adds axes in front, to get a shape.
    pub(crate) fn expand(self, shape: &[usize]) -> Result<Self, OpError> {
        let own = self.shape();
        if own == shape {
            return Ok(self);
        }
        if broadcast(&own, shape)? != shape {
            return Err(format!("shape {own:?} cannot be expanded to {shape:?}").into());
        }
        let array = self.with_rank(shape.len())?;
        let shape = Shape::from(shape.to_vec());
        let is_mask = array.is_mask();
        Ok(array.map(|tensor| match is_mask {
            true => Dispatch::bool_expand(tensor, shape),
            false => Dispatch::float_expand(tensor, shape),
        }))
    }

    /// The array with axes of extent 1 in front, up to a number of axes.
    pub(super) fn with_rank(self, rank: usize) -> Result<Self, OpError> {
        let own = self.shape();
        let shape = [vec![1; rank.saturating_sub(own.len())], own].concat();
        self.reshape(&shape)
    }

    /// `count` entries of an axis from `start` on, every `step`-th.
    pub(crate) fn slice(
        self,
        axis: usize,
        start: usize,
        count: usize,
        step: usize,
    ) -> Result<Self, OpError> {
        let shape = self.floats("a slice")?.shape();
        if start == 0 && step == 1 && count == shape[axis] {
            return Ok(self);
        }
        if count == 0 {
            return Err("a slice leaves nothing, which is not supported".into());
        }
        let end = start + (count - 1) * step + 1;
        if end > shape[axis] {
            return Err(format!("entries up to {end} of axis {axis} of {shape:?}").into());
        }
        let mut slices: Vec<Slice> = shape.iter().map(|&extent| Slice::from(0..extent)).collect();
        slices[axis] = Slice::new(start as isize, Some(end as isize), step as isize);
        Ok(self.map(|tensor| Dispatch::float_slice(tensor, &slices)))
    }

    /// The entries along an axis in reverse order.
    pub(crate) fn flip(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a slice")?;
        Ok(self.map(|tensor| Dispatch::float_flip(tensor, &[axis])))
    }

    /// The entries of an axis at given positions.
    pub(crate) fn select(self, axis: usize, positions: &[usize]) -> Result<Self, OpError> {
        let extent = self.floats("a choice of entries")?.shape()[axis];
        if positions.iter().copied().eq(0..extent) {
            return Ok(self);
        }
        if positions.is_empty() || positions.iter().any(|&position| position >= extent) {
            return Err(format!("positions {positions:?} of an axis of {extent} entries").into());
        }
        let device = self.device();
        let positions: Vec<i64> = positions.iter().map(|&position| position as i64).collect();
        let count = positions.len();
        let data = TensorData::new(positions, [count]);
        let data = data.convert_dtype(device.settings().int_dtype.into());
        let positions = Dispatch::int_from_data(data, device.as_dispatch());
        Ok(self.map(|tensor| Dispatch::float_select(tensor, axis, positions)))
    }

    /// Copies of the array, one after the other along an axis.
    pub(crate) fn repeat(self, axis: usize, times: usize) -> Result<Self, OpError> {
        self.floats("a repetition")?;
        match times {
            0 => Err("a repetition leaves nothing, which is not supported".into()),
            1 => Ok(self),
            times => Ok(self.map(|tensor| Dispatch::float_repeat_dim(tensor, axis, times))),
        }
    }

    /// Adds entries with one number before and after the entries of every axis.
    pub(crate) fn pad(self, padding: &[(usize, usize)], number: f64) -> Result<Self, OpError> {
        self.floats("padding")?;
        if padding.iter().all(|&pair| pair == (0, 0)) {
            return Ok(self);
        }
        // Burn pads with an f32. A number that f32 does not represent exactly is subtracted before
        // a padding with zeros, and added after it.
        if f64::from(number as f32) != number && number.is_finite() {
            return self
                .add_number(-number)
                .pad(padding, 0.0)
                .map(|array| array.add_number(number));
        }
        let mode = PadMode::Constant(number as f32);
        Ok(self.map(|tensor| Dispatch::float_pad(tensor, padding, mode)))
    }

    /// Arrays one after the other along an axis.
    pub(crate) fn concat(arrays: Vec<Self>, axis: usize) -> Result<Self, OpError> {
        let first = arrays.first().ok_or("nothing to concatenate")?;
        let (shape, kind) = (first.floats("a concatenation")?.shape(), first.kind);
        let others = |shape: &[usize]| {
            let mut shape = shape.to_vec();
            (axis < shape.len()).then(|| shape.remove(axis)).map(|_| shape)
        };
        for array in &arrays {
            let other = array.floats("a concatenation")?.shape();
            if others(&other).is_none() || others(&other) != others(&shape) {
                let reason = format!("shapes {shape:?} and {other:?} differ beside axis {axis}");
                return Err(reason.into());
            }
        }
        let tensors = arrays.into_iter().map(Self::into_tensor).collect();
        Ok(Self::new(Dispatch::float_cat(tensors, axis), kind))
    }
}
