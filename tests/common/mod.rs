//! Shared by the tests: the tested device, random networks with an independent reference, Python.

mod cancellation;
mod device;
mod grow;
pub(crate) mod module;
pub(crate) mod naive;
pub(crate) mod networks;
pub(crate) mod other_folder;
pub(crate) mod plan;
pub(crate) mod properties;
pub(crate) mod python;
pub(crate) mod reference;

use burn::tensor::{Device, Tensor, TensorData};
use tropex::extract::DeviceError;
use tropex::{ComputeTarget, Precision};

pub(crate) use cancellation::{cancel_at, cancel_everywhere};
pub(crate) use device::{chosen_device, device, device_name};

/// The tested device, or a CPU if the device lacks f64.
pub(crate) fn target(precision: Precision) -> Result<ComputeTarget, DeviceError> {
    match precision {
        Precision::F32 => ComputeTarget::new(&device(), precision),
        Precision::F64 => ComputeTarget::in_f64(&device()),
    }
}

/// The precisions of the tested device. GPUs can lack f64.
pub(crate) fn precisions() -> Vec<Precision> {
    let mut precisions = vec![Precision::F32, Precision::F64];
    precisions.retain(|&precision| ComputeTarget::new(&device(), precision).is_ok());
    precisions
}

/// The highest precision of the tested device.
pub(crate) fn finest() -> Precision {
    *precisions().last().expect("every device has f32")
}

/// Scales a tolerance for f64 to the highest precision of the tested device.
pub(crate) fn of_finest(in_f64: f64) -> f64 {
    in_f64 * (finest().epsilon() / Precision::F64.epsilon())
}

/// Tolerance for the difference of a module and its network, given the tolerance on a CPU. On
/// NVIDIA GPUs, the matrix products of Burn round an `f32` to 11 binary digits.
pub(crate) fn of_modules(on_cpu: f64) -> f64 {
    if device_name().contains("cuda") { 1e-2 } else { on_cpu }
}

/// Whether the tested device uses kernels of CubeCL.
pub(crate) fn is_cubecl() -> bool {
    ["cuda", "wgpu"].iter().any(|kind| device_name().starts_with(kind))
}

/// Values as a tensor of `f32`.
pub(crate) fn tensor<const D: usize>(
    values: &[f32],
    shape: [usize; D],
    device: &Device,
) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

/// All values of a tensor, in row-major order.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// Largest absolute value.
pub(crate) fn largest<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// Largest difference of two lists; infinite if one is longer or a value is not a number.
pub(crate) fn difference(left: &[f64], right: &[f64]) -> f64 {
    if left.len() != right.len() {
        return f64::INFINITY;
    }
    let differences = left.iter().zip(right).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, |most, d| if d.is_nan() { f64::INFINITY } else { d.max(most) })
}
