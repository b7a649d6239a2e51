//! Access to affine rows for the `flex` implementations.

use burn::tensor::Tensor;

use crate::data::AffineRows;
use crate::simd::{Interleaved, RowStorage};

impl AffineRows {
    pub(crate) fn from_interleaved(rows: Interleaved) -> Self {
        let points = rows.points();
        Self { storage: RowStorage::Interleaved(rows), points, shift: None, active: None }
    }

    /// The interleaved rows, if the rows are interleaved and have no pending shift.
    pub(crate) fn interleaved(&self) -> Option<&Interleaved> {
        match &self.storage {
            RowStorage::Interleaved(rows) if self.shift.is_none() => Some(rows),
            _ => None,
        }
    }

    /// The rows after a change of interleaved rows. Rows in a tensor stay unchanged.
    pub(crate) fn map_interleaved(self, change: impl FnOnce(Interleaved) -> Interleaved) -> Self {
        match self.storage {
            RowStorage::Interleaved(rows) => {
                Self { storage: RowStorage::Interleaved(change(rows)), ..self }
            }
            RowStorage::Tensor(_) => self,
        }
    }

    /// The rows with their numbers in a tensor, the shift still pending.
    pub(crate) fn in_tensor(self) -> Self {
        Self { storage: RowStorage::Tensor(self.storage.into_tensor()), ..self }
    }

    /// The rows without their pending shift, if they are in a tensor.
    pub(crate) fn tensor(&self) -> Option<&Tensor<2>> {
        match &self.storage {
            RowStorage::Tensor(tensor) => Some(tensor),
            RowStorage::Interleaved(_) => None,
        }
    }
}
