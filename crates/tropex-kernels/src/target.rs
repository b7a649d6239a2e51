//! The device and the precision of a computation.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};

use crate::backend::is_cpu;
use crate::device_error::DeviceError;
use crate::precision::Precision;
use crate::simd;

/// The device and the precision of a computation.
#[derive(Clone, Debug)]
pub struct ComputeTarget {
    device: Device,
    precision: Precision,
}

impl ComputeTarget {
    /// A target, after a check that the device can compute in the precision.
    ///
    /// # Errors
    /// [`DeviceError::Precision`] if it cannot.
    pub fn new(device: &Device, precision: Precision) -> Result<Self, DeviceError> {
        let float = match precision {
            Precision::F32 => FloatDType::F32,
            Precision::F64 => FloatDType::F64,
        };
        let target = Self { device: device.clone(), precision };
        if !device.supports_dtype(float) {
            return Err(DeviceError::Precision { device: target.device_name(), precision });
        }
        Ok(target)
    }

    /// f64 on the device. For a device without f64, such as most GPUs: f64 on the CPU, by `flex`.
    ///
    /// # Errors
    /// [`DeviceError::Precision`] if the device has no f64 and this build has no `flex`.
    pub fn in_f64(device: &Device) -> Result<Self, DeviceError> {
        Self::new(device, Precision::F64).or_else(|error| match simd::device() {
            Some(flex) => Self::new(&flex, Precision::F64),
            None => Err(error),
        })
    }

    /// [f64](Self::in_f64) if this build has it, else the target itself.
    pub fn widest(&self) -> Self {
        Self::in_f64(&self.device).unwrap_or_else(|_| self.clone())
    }

    /// f64 on a CPU, if this build has it. A CPU rounds every product and sum in f64 according to
    /// IEEE 754, which not every GPU does.
    pub fn on_cpu(&self) -> Self {
        match simd::device() {
            Some(device) if !is_cpu(&self.device) => Self { device, precision: Precision::F64 },
            None if !is_cpu(&self.device) => self.clone(),
            _ => self.widest(),
        }
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Burn's name of the device.
    pub fn device_name(&self) -> String {
        let name = format!("{:?}", self.device);
        let inner = name.strip_prefix("Device<").and_then(|name| name.strip_suffix('>'));
        inner.unwrap_or(&name).to_owned()
    }

    /// A tensor of the numbers, on the device and in the precision.
    pub fn tensor<const D: usize>(&self, data: TensorData) -> Tensor<D> {
        Tensor::from_data(data.convert_dtype(self.precision.dtype()), self.options())
    }

    /// The argument that Burn's tensor constructors take.
    pub fn options(&self) -> (&Device, DType) {
        (&self.device, self.precision.dtype())
    }
}
