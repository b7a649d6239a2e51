//! The class `Network`; its methods are in `network_methods`.

use std::sync::OnceLock;

use pyo3::prelude::*;
use tropex_extract::{ComputeTarget, Precision};

use crate::origin::Origin;

/// A captured piecewise-linear network.
///
/// Made by :func:`tropex.capture` and :func:`tropex.load`. ``print(net)`` lists its operations.
/// A network is captured once and computes in both precisions.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Network {
    captured: Box<tropex_extract::Network>,
    /// In f32 and in f64.
    in_precision: [OnceLock<Box<tropex_extract::Network>>; 2],
    origin: Origin,
}

impl Network {
    pub(crate) fn new(captured: tropex_extract::Network, origin: Origin) -> Self {
        Self { captured: captured.into(), in_precision: Default::default(), origin }
    }

    /// The network in the precision of its capture.
    pub(crate) fn captured(&self) -> &tropex_extract::Network {
        &self.captured
    }

    /// Where the network comes from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The network that computes in a precision.
    ///
    /// # Errors
    /// A device without the precision.
    pub(crate) fn in_precision(
        &self,
        precision: Precision,
    ) -> Result<&tropex_extract::Network, tropex_extract::Error> {
        let target = self.captured.target();
        if target.precision() == precision {
            return Ok(&self.captured);
        }
        let target = ComputeTarget::new(target.device(), precision)?;
        let cell = &self.in_precision[usize::from(precision == Precision::F64)];
        Ok(cell.get_or_init(|| self.captured.to_target(&target).into()))
    }
}
