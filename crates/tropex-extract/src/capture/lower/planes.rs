//! Planes of recorded tensors, of convolutions and poolings.

use burn::backend::ir::TensorIr;

use super::{LoweringContext, LoweringError};
use crate::capture::context::CapturedValue;

/// Number of parts of a point, and the planes `[channels, extents..]` of a part with `D - 1` axes.
/// A height of 1 is inserted if the tensor has one axis fewer.
pub(super) fn planes_of<const D: usize>(
    context: &LoweringContext,
    value: &CapturedValue,
    tensor: &TensorIr,
) -> Result<(usize, Vec<usize>), LoweringError> {
    let (pieces, piece) = context.pieces(value, tensor)?;
    let planes = with_height(&piece, D - 1);
    if planes.len() == D - 1 {
        return Ok((pieces, planes));
    }
    Err(format!("unexpected planes of shape {piece:?}").into())
}

/// Inserts an axis of height 1 before the last axis if a shape has one axis fewer than `axes`.
pub(super) fn with_height(shape: &[usize], axes: usize) -> Vec<usize> {
    let mut shape = shape.to_vec();
    if shape.len() + 1 == axes && !shape.is_empty() {
        shape.insert(shape.len() - 1, 1);
    }
    shape
}
