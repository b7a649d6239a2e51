//! Where and in which precision a network computes.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::{DeviceError, flex, is_cpu};

/// Floating-point format of a computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, about 7 digits.
    F32,
    /// 64 bits, about 16 digits.
    F64,
}

impl Precision {
    /// Both formats.
    pub const ALL: [Self; 2] = [Self::F32, Self::F64];

    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Burn's name of the format.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F64 => DType::F64,
        }
    }

    /// Distance from 1 to the next larger number.
    pub fn epsilon(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::EPSILON),
            Self::F64 => f64::EPSILON,
        }
    }

    /// Bytes of one number.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.name() == name);
        found.ok_or_else(|| format!("unknown precision `{name}`, expected f32 or f64"))
    }
}

/// A device and a precision: where tensors are made and computed.
#[derive(Clone, Debug)]
pub struct ComputeTarget {
    device: Device,
    precision: Precision,
}

impl ComputeTarget {
    /// Checks that the device can compute in the precision.
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

    /// f64 on the device. On a device without f64, such as most GPUs: f64 on the CPU by `flex`.
    ///
    /// # Errors
    /// [`DeviceError::Precision`] if the device has no f64 and this build has no `flex`.
    pub fn in_f64(device: &Device) -> Result<Self, DeviceError> {
        Self::new(device, Precision::F64).or_else(|error| match flex::device() {
            Some(flex) => Self::new(&flex, Precision::F64),
            None => Err(error),
        })
    }

    /// [f64](Self::in_f64) where this build has it, else the target itself.
    pub fn widest(&self) -> Self {
        Self::in_f64(&self.device).unwrap_or_else(|_| self.clone())
    }

    /// A CPU in f64 if this build has one. A CPU rounds every product and sum of an f64 as IEEE 754
    /// says; not every GPU does.
    pub fn on_cpu(&self) -> Self {
        match flex::device() {
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
