//! Errors of devices.

use thiserror::Error;

use crate::precision::Precision;

/// A device cannot compute, or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The device lacks a floating-point format.
    #[error("device {device} cannot compute in {precision}: choose another precision or device")]
    Precision {
        /// The device.
        device: String,
        /// The requested format.
        precision: Precision,
    },
    /// The device failed, most often for lack of memory.
    #[error("the device failed: {0} (fewer points at a time take less memory)")]
    Failed(String),
}
