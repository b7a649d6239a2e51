//! Tests for the backends of Burn that a device belongs to.

use burn::tensor::Device;

use crate::simd;

/// The device of Burn's `flex` backend, if this build has it.
pub fn flex_device() -> Option<Device> {
    simd::device()
}

/// Whether the device is Burn's `flex` backend, whose operations run in this process's thread pool.
pub(crate) fn is_flex(device: &Device) -> bool {
    flex_device().as_ref() == Some(device)
}

/// Whether the device is Burn's `ndarray` backend.
#[cfg(feature = "ndarray")]
#[allow(deprecated)] // deprecated in Burn 0.22, but supported
pub fn is_ndarray(device: &Device) -> bool {
    *device == Device::ndarray()
}

/// Whether the device is Burn's `ndarray` backend, which this build does not have.
#[cfg(not(feature = "ndarray"))]
pub fn is_ndarray(_: &Device) -> bool {
    false
}

/// Whether the device is a CPU, which rounds products and sums in f32 according to IEEE 754.
#[allow(deprecated)] // `tch` is deprecated in Burn 0.22, but supported
pub fn is_cpu(device: &Device) -> bool {
    #[cfg(feature = "tch")]
    if *device == Device::libtorch() {
        return true;
    }
    is_flex(device) || is_ndarray(device)
}
