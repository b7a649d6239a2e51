//! Packed layouts of a weight, filled when they are first needed.

use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;

use super::packed::PackedMatrix;
use super::vector::MAX_ROWS;
use crate::cache::get_or_init;

/// A weight and its transpose, packed.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeightLayouts(Arc<[OnceLock<PackedMatrix>; 2]>);

impl WeightLayouts {
    /// The packed weight `[inputs, outputs]`.
    pub(crate) fn packed(&self, weight: &Tensor<2>) -> &PackedMatrix {
        get_or_init(&self.0[0], || PackedMatrix::new(weight.clone()))
    }

    /// The packed transpose of the weight `[inputs, outputs]`.
    pub(crate) fn packed_transpose(&self, weight: &Tensor<2>) -> &PackedMatrix {
        get_or_init(&self.0[1], || PackedMatrix::transposed(weight.clone()))
    }
}

/// The layouts of a stencil's weight `[kernel cells * input channels, output channels]`.
#[derive(Debug, Default)]
pub(crate) struct PackedStencil {
    wide: OnceLock<PackedMatrix>,
    narrow: OnceLock<PackedMatrix>,
    by_output: OnceLock<Tensor<2>>,
}

impl PackedStencil {
    /// The weight in wide panels.
    pub(crate) fn wide(&self, weight: &Tensor<2>) -> &PackedMatrix {
        get_or_init(&self.wide, || PackedMatrix::wide(weight.clone()))
    }

    /// The weight in panels of at most [`MAX_ROWS`] columns.
    pub(crate) fn narrow(&self, weight: &Tensor<2>) -> &PackedMatrix {
        get_or_init(&self.narrow, || PackedMatrix::narrow(weight.clone(), MAX_ROWS))
    }

    /// The weight `[output channels, kernel cells * input channels]`.
    pub(crate) fn by_output(&self, weight: &Tensor<2>) -> &Tensor<2> {
        get_or_init(&self.by_output, || {
            let transposed = weight.clone().transpose().into_data();
            Tensor::from_data(transposed, (&weight.device(), weight.dtype()))
        })
    }
}
