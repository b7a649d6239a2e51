//! Axes of recorded tensors: the axis of points, and the shape of one point.

use std::cmp::Ordering;

use burn::backend::ir::TensorIr;

use super::context::{CapturedValue, LoweringContext};
use super::lowering_error::{LoweringError, MIXES_POINTS};

impl LoweringContext {
    /// Number of parts of each point of a recorded tensor, and the shape of a part. The first axis
    /// of a tensor `[points * parts, ..]` has several parts per point.
    pub(super) fn pieces(
        &self,
        value: &CapturedValue,
        tensor: &TensorIr,
    ) -> Result<(usize, Vec<usize>), LoweringError> {
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

    /// The axis of a recorded tensor that runs over the points: the first axis that does not have
    /// extent 1 in both recordings.
    fn points_axis(&self, tensor: &TensorIr) -> usize {
        let Some(other) = self.other_shapes.get(&tensor.id) else { return 0 };
        let shape = tensor.shape.to_vec();
        shape.iter().zip(other).take_while(|&(&extent, &other)| (extent, other) == (1, 1)).count()
    }

    /// The axis of a value for an axis of a recorded tensor.
    pub(super) fn value_axis(
        &self,
        value: &CapturedValue,
        tensor: &TensorIr,
        axis: usize,
    ) -> Result<usize, LoweringError> {
        let points = self.points_axis(tensor);
        let axis = match axis.cmp(&points) {
            Ordering::Less => axis,
            Ordering::Equal => return Err(MIXES_POINTS.into()),
            Ordering::Greater => axis + value.shape.len() - tensor.shape.len(),
        };
        if axis < value.shape.len() { Ok(axis) } else { Err("an axis beyond the last".into()) }
    }

    /// The products of the extents of a value before, along and after an axis of a recorded tensor.
    pub(super) fn extents_around(
        &self,
        value: &CapturedValue,
        tensor: &TensorIr,
        axis: usize,
    ) -> Result<[usize; 3], LoweringError> {
        let axis = self.value_axis(value, tensor, axis)?;
        let (before, after) = (&value.shape[..axis], &value.shape[axis + 1..]);
        Ok([before.iter().product(), value.shape[axis], after.iter().product()])
    }

    /// The shape of one point of a recorded tensor. The axis of points must be the first axis,
    /// except for leading axes of extent 1.
    ///
    /// If the axis has several parts per point, as in `[points * 4, 8]`, the number of parts takes
    /// its place in the result.
    pub(super) fn point_shape(&self, tensor: &TensorIr) -> Result<Vec<usize>, LoweringError> {
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
