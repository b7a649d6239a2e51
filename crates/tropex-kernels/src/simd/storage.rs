//! The memory layout of affine rows.

use burn::tensor::Tensor;

use super::interleaved::Interleaved;
use super::tensor::holds;

/// The numbers of affine rows in one of two layouts.
#[derive(Clone, Debug)]
pub(crate) enum RowStorage {
    /// `[groups * points, features]`
    Tensor(Tensor<2>),
    /// Point by point, with the numbers of all groups at a feature in SIMD vectors.
    Interleaved(Interleaved),
}

impl RowStorage {
    pub(crate) fn new(rows: Tensor<2>) -> Self {
        Self::Tensor(rows)
    }

    /// The rows `[groups * points, features]`.
    pub(crate) fn into_tensor(self) -> Tensor<2> {
        match self {
            Self::Tensor(tensor) => tensor,
            Self::Interleaved(rows) => rows.into_tensor(),
        }
    }

    /// Number of groups, from the number of points.
    pub(crate) fn groups(&self, points: usize) -> usize {
        match self {
            Self::Tensor(tensor) => tensor.dims()[0] / points,
            Self::Interleaved(rows) => rows.groups(),
        }
    }

    /// Whether the `flex` implementations can read the rows.
    pub(crate) fn is_in_memory(&self) -> bool {
        match self {
            Self::Tensor(tensor) => holds(tensor),
            Self::Interleaved(_) => true,
        }
    }
}
