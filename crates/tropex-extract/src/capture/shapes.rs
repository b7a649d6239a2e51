//! Where the points are in the shapes of recorded tensors.

use std::cmp::Ordering;

use burn::backend::ir::TensorIr;

use super::context::{Context, Value};
use super::refusal::{MIXES_POINTS, Refusal};

impl Context {
    /// How many pieces each point of a recorded tensor comes in, and the shape of a piece: the
    /// first axis of `[points * pieces, ..]` holds both.
    pub(super) fn pieces(
        &self,
        value: &Value,
        tensor: &TensorIr,
    ) -> Result<(usize, Vec<usize>), Refusal> {
        if self.points_axis(tensor) != 0 {
            return Err(MIXES_POINTS.into());
        }
        Ok(match value.shape.split_first() {
            Some((&pieces, piece)) if value.shape.len() == tensor.shape.len() => {
                (pieces, piece.to_vec())
            }
            _ => (1, value.shape.clone()),
        })
    }

    /// The axis of a recorded tensor that runs over the points: the first, or the first after
    /// axes of extent 1.
    fn points_axis(&self, tensor: &TensorIr) -> usize {
        let Some(other) = self.other_shapes.get(&tensor.id) else { return 0 };
        let shape = tensor.shape.to_vec();
        shape.iter().zip(other).take_while(|&(&extent, &other)| (extent, other) == (1, 1)).count()
    }

    /// The axis of a value that an axis of a recorded tensor is.
    pub(super) fn value_axis(
        &self,
        value: &Value,
        tensor: &TensorIr,
        axis: usize,
    ) -> Result<usize, Refusal> {
        let points = self.points_axis(tensor);
        let axis = match axis.cmp(&points) {
            Ordering::Less => axis,
            Ordering::Equal => return Err(MIXES_POINTS.into()),
            Ordering::Greater => axis + value.shape.len() - tensor.shape.len(),
        };
        if axis < value.shape.len() { Ok(axis) } else { Err("an axis beyond the last".into()) }
    }

    /// The extents of a value before, along and after an axis of a recorded tensor.
    pub(super) fn around(
        &self,
        value: &Value,
        tensor: &TensorIr,
        axis: usize,
    ) -> Result<[usize; 3], Refusal> {
        let axis = self.value_axis(value, tensor, axis)?;
        let (before, after) = (&value.shape[..axis], &value.shape[axis + 1..]);
        Ok([before.iter().product(), value.shape[axis], after.iter().product()])
    }

    /// Shape of one point of a recorded tensor, if its first axis, or the first after axes of
    /// extent 1, runs over the points.
    ///
    /// That axis may hold several pieces of each point, as in `[points * 4, 8]`; these take its
    /// place in the result.
    pub(super) fn point_shape(&self, tensor: &TensorIr) -> Result<Vec<usize>, Refusal> {
        let (shape, axis) = (tensor.shape.to_vec(), self.points_axis(tensor));
        let other = self.other_shapes.get(&tensor.id).filter(|other| axis < other.len());
        let other = other.ok_or(MIXES_POINTS)?;
        let pieces = shape[axis] / self.points;
        let extents = [pieces * self.points, pieces * (self.points + 1)];
        if [shape[axis], other[axis]] != extents || shape[axis + 1..] != other[axis + 1..] {
            return Err(MIXES_POINTS.into());
        }
        let pieces: &[usize] = if pieces == 1 { &[] } else { &[pieces] };
        Ok([&shape[..axis], pieces, &shape[axis + 1..]].concat())
    }
}
