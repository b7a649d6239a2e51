//! Where a network's constants live, and with how many digits.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::kernels::is_cpu;

/// Floating-point format of an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, about 7 digits.
    F32,
    /// 64 bits, about 16 digits.
    F64,
}

impl Precision {
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

/// A device and a precision: where tensors are made.
#[derive(Clone, Debug)]
pub struct Placement {
    device: Device,
    precision: Precision,
}

impl Placement {
    /// Checks that the device can compute in the precision.
    pub fn new(device: &Device, precision: Precision) -> Result<Self, Error> {
        let float = match precision {
            Precision::F32 => FloatDType::F32,
            Precision::F64 => FloatDType::F64,
        };
        let placement = Self { device: device.clone(), precision };
        if !device.supports_dtype(float) {
            let device = placement.device_name();
            return Err(Error::Precision { device, precision });
        }
        Ok(placement)
    }

    /// In f64: on the device, or where that has none, as most GPUs, on the CPU by `flex`.
    ///
    /// # Errors
    /// [`Error::Precision`]: this build has no `flex` either.
    pub fn in_f64(device: &Device) -> Result<Self, Error> {
        let there = Self::new(device, Precision::F64);
        #[cfg(feature = "flex")]
        let there = there.or_else(|_| Self::new(&Device::flex(), Precision::F64));
        there
    }

    /// The same [in f64](Self::in_f64), where this build can have that.
    pub(crate) fn widest(&self) -> Self {
        Self::in_f64(&self.device).unwrap_or_else(|_| self.clone())
    }

    /// A CPU in f64, if this build has one: there every product and sum of an f64 is rounded as IEEE
    /// 754 says, which not every GPU does.
    pub(crate) fn on_cpu(&self) -> Self {
        if is_cpu(&self.device) {
            return self.widest();
        }
        #[cfg(feature = "flex")]
        return Self { device: Device::flex(), precision: Precision::F64 };
        #[cfg(not(feature = "flex"))]
        self.clone()
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The precision.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What Burn calls the device.
    pub(crate) fn device_name(&self) -> String {
        let name = format!("{:?}", self.device);
        let inner = name.strip_prefix("Device<").and_then(|name| name.strip_suffix('>'));
        inner.unwrap_or(&name).to_owned()
    }

    /// Numbers as a tensor here.
    pub(crate) fn tensor<const D: usize>(&self, data: TensorData) -> Tensor<D> {
        Tensor::from_data(data.convert_dtype(self.precision.dtype()), self.options())
    }

    /// What Burn's tensor constructors take.
    pub(crate) fn options(&self) -> (&Device, DType) {
        (&self.device, self.precision.dtype())
    }
}
