//! Replaces the memory layouts of the `flex` implementations in a build without Burn's `flex`
//! backend.

use burn::tensor::{Device, Tensor};

#[cfg(not(feature = "ndarray"))]
compile_error!(
    "tropex-kernels needs the feature `flex` or `ndarray`, to compute constants on a CPU"
);

/// The backend on the CPU that computes constants.
#[allow(deprecated)] // deprecated in Burn 0.22, but supported
pub type HostBackend = burn::backend::NdArray;

/// Rows `[groups * points, features]`.
#[derive(Clone, Debug)]
pub(crate) struct RowStorage(Tensor<2>);

impl RowStorage {
    pub(crate) fn new(rows: Tensor<2>) -> Self {
        Self(rows)
    }

    pub(crate) fn into_tensor(self) -> Tensor<2> {
        self.0
    }

    pub(crate) fn groups(&self, points: usize) -> usize {
        self.0.dims()[0] / points
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        false
    }
}

/// The packed layouts of a weight: none in this build.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeightLayouts;

/// The packed layouts of a stencil: none in this build.
#[derive(Debug, Default)]
pub(crate) struct PackedStencil;

pub(crate) fn device() -> Option<Device> {
    None
}

pub(crate) fn holds<const D: usize>(_: &Tensor<D>) -> bool {
    false
}
