//! Affine rows on their way from the logits to the input.

use std::ops::Range;

use burn::tensor::Tensor;
use burn::tensor::kind::Basic;

use crate::simd::{self, RowStorage};

/// Coefficient rows of affine functions, one row per point and group.
///
/// A group is one affine function per point, such as the linear term of the predicted class. The
/// last group is the negative term. A positive term is represented by its difference to the
/// negative term, so that a pending shift is added to the **last** group only.
///
/// # Shapes
/// - rows: `[groups * points, features]`, group by group: row `g * points + i` belongs to point `i`
/// - pending shift: `[1, features]`
/// - active mask: `[points, features at the input]`
#[derive(Clone, Debug)]
pub struct AffineRows {
    pub(crate) storage: RowStorage,
    pub(crate) points: usize,
    pub(crate) shift: Option<Tensor<2>>,
    pub(crate) active: Option<Tensor<2>>,
}

/// Smallest number of groups of interleaved rows.
pub(crate) const MIN_INTERLEAVED_GROUPS: usize = 4;

impl AffineRows {
    /// Rows `[groups * points, features]` without a shift. Their number must be a multiple of
    /// `points`.
    pub fn new(tensor: Tensor<2>, points: usize) -> Self {
        Self { storage: RowStorage::new(tensor), points, shift: None, active: None }
    }

    /// Rows with a pending shift `[1, features]`, which the next operation adds in its own pass.
    pub fn with_shift(self, shift: Option<&Tensor<2>>) -> Self {
        Self { shift: shift.cloned(), ..self }
    }

    /// Rows with the active mask `[points, features at the input]` of the value that they are
    /// pulled back to. A kernel may skip entries of its result where the mask is not positive.
    pub fn with_active_mask(self, active: Option<Tensor<2>>) -> Self {
        Self { active, ..self }
    }

    /// Whether a kernel can use the active mask.
    pub fn can_be_masked(&self) -> bool {
        let is_readable = self.active.as_ref().is_none_or(simd::holds);
        self.shift.is_none() && self.storage.is_in_memory() && is_readable
    }

    /// Points per group.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.storage.groups(self.points)
    }

    /// The rows `f(rows)`, where `rows` include the pending shift.
    pub fn map(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        let points = self.points;
        Self::new(f(self.into_tensor()), points)
    }

    /// The rows `[groups * points, features]`, including the pending shift.
    pub fn into_tensor(self) -> Tensor<2> {
        let tensor = self.storage.into_tensor();
        match self.shift {
            None => tensor,
            Some(shift) => {
                let [rows, features] = tensor.dims();
                let groups = rows / self.points;
                let shifts = on_last_group(shift, groups);
                let tensor = tensor.reshape([groups, self.points, features]) + shifts;
                tensor.reshape([rows, features])
            }
        }
    }

    /// The sum of rows that arrived at a value earlier and of further rows. A value that two
    /// operations read receives rows from both.
    pub fn sum(arrived: Option<Self>, further: Self) -> Self {
        let Some(arrived) = arrived else { return further };
        let points = further.points;
        Self::new(arrived.into_tensor() + further.into_tensor(), points)
    }
}

/// Rows at the input of an operation, and the sums `[rows, 1]` that its bias adds to their
/// constants.
pub type RowsAndOffset = (AffineRows, Option<Tensor<2>>);

/// A shift `[1, features]` in the last group and zeros in the others: `[groups, 1, features]`.
fn on_last_group(shift: Tensor<2>, groups: usize) -> Tensor<3> {
    let shift: Tensor<3> = shift.unsqueeze_dim(0);
    if groups == 1 {
        return shift;
    }
    let zeros = shift.zeros_like().repeat_dim(0, groups - 1);
    Tensor::cat(vec![zeros, shift], 0)
}

/// A copy of a range of rows of a tensor. The whole tensor is not copied.
pub fn copy_rows<const D: usize, K: Basic>(
    tensor: &Tensor<D, K>,
    rows: Range<usize>,
) -> Tensor<D, K> {
    if rows == (0..tensor.dims()[0]) {
        return tensor.clone();
    }
    let part = tensor.clone().narrow(0, rows.start, rows.len());
    // The `flex` implementations need contiguous memory, which a view does not have.
    Tensor::from_data(part.into_data(), (&tensor.device(), tensor.dtype()))
}
