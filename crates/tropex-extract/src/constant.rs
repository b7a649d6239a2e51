//! Weights of a captured network: kept on the host as captured, and on a device for computing.

use std::sync::Arc;
#[cfg(feature = "flex")]
use std::sync::OnceLock;

use burn::tensor::{Tensor, TensorData};

use crate::Placement;
#[cfg(feature = "flex")]
use crate::kernels::{Panels, kept};

/// A constant tensor. Changing the placement starts from the host copy, so no digit is lost on a
/// detour over a lower precision.
#[derive(Clone, Debug)]
pub(crate) struct Constant<const D: usize> {
    data: Arc<TensorData>,
    tensor: Tensor<D>,
    /// Of a matrix and its transpose, see [`Constant::panels`].
    #[cfg(feature = "flex")]
    panels: Arc<[OnceLock<Panels>; 2]>,
}

impl<const D: usize> Constant<D> {
    /// `data` must have `D` axes and a float type.
    pub(crate) fn new(data: TensorData, placement: &Placement) -> Self {
        let tensor = placement.tensor(data.clone());
        Self::of(Arc::new(data), tensor)
    }

    pub(crate) fn place(&self, placement: &Placement) -> Self {
        let tensor = placement.tensor(self.data().clone());
        Self::of(self.data.clone(), tensor)
    }

    fn of(data: Arc<TensorData>, tensor: Tensor<D>) -> Self {
        Self {
            data,
            tensor,
            #[cfg(feature = "flex")]
            panels: Arc::default(),
        }
    }

    pub(crate) fn tensor(&self) -> Tensor<D> {
        self.tensor.clone()
    }

    pub(crate) fn data(&self) -> &TensorData {
        &self.data
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.data.as_bytes()
    }

    pub(crate) fn len(&self) -> usize {
        self.data.num_elements()
    }
}

#[cfg(feature = "flex")]
impl Constant<2> {
    /// The matrix in panels. Made when they are first asked for, and kept.
    pub(crate) fn panels(&self) -> &Panels {
        kept(&self.panels[0], || Panels::of_vectors(self.tensor()))
    }

    /// The same of its transpose.
    pub(crate) fn transposed_panels(&self) -> &Panels {
        kept(&self.panels[1], || Panels::of_transposed(self.tensor()))
    }
}
