//! A weight matrix and its packed layouts.

use burn::tensor::Tensor;

use crate::simd::WeightLayouts;

/// A weight matrix `[inputs, outputs]` that is multiplied with many rows. The `flex` implementation
/// packs it once for each direction.
#[derive(Clone, Debug)]
pub struct PackedWeight {
    matrix: Tensor<2>,
    layouts: WeightLayouts,
}

impl PackedWeight {
    /// The weight `[inputs, outputs]`.
    pub fn new(matrix: Tensor<2>) -> Self {
        Self { matrix, layouts: WeightLayouts::default() }
    }

    /// The weight `[inputs, outputs]`.
    pub fn matrix(&self) -> &Tensor<2> {
        &self.matrix
    }
}

/// The layouts that the `flex` implementation reads, filled when they are first needed.
impl AsRef<WeightLayouts> for PackedWeight {
    fn as_ref(&self) -> &WeightLayouts {
        &self.layouts
    }
}
