//! Tensors of any rank on a device.
//!
//! These are Burn's operations without the rank in the type. Shapes are checked and broadcast by
//! the rules of ONNX.

mod arithmetic;
mod choice;
mod product;
mod rearrange;
mod reduce;

use burn::backend::ops::{BoolTensorOps, FloatTensorOps};
use burn::backend::{Dispatch, DispatchTensor, TensorMetadata};
use burn::tensor::{DType, Device, FloatDType, TensorData};

use crate::constant::{HostTensor, NumberKind};
use crate::error::OpError;

pub(crate) use choice::ComparisonOp;

/// Device and number format of new arrays.
#[derive(Clone, Debug)]
pub(crate) struct ArrayOptions {
    pub(crate) device: Device,
    pub(crate) dtype: FloatDType,
}

/// A tensor on a device: floats, or truth values from a comparison.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    tensor: DispatchTensor,
    /// The kind of the numbers. Integers, and truth values of constants, are computed as floats.
    pub(crate) kind: NumberKind,
}

impl Array {
    pub(crate) fn new(tensor: DispatchTensor, kind: NumberKind) -> Self {
        Self { tensor, kind }
    }

    fn float(tensor: DispatchTensor) -> Self {
        Self::new(tensor, NumberKind::Float)
    }

    /// Copies a tensor of the host to the device, as floats.
    pub(crate) fn of(constant: &HostTensor, options: &ArrayOptions) -> Result<Self, OpError> {
        if constant.numbers.is_empty() {
            return Err(
                format!("an empty tensor of shape {:?} is not supported", constant.shape).into()
            );
        }
        let data = TensorData::new(constant.numbers.clone(), constant.shape.clone());
        let data = data.convert_dtype(options.dtype.into());
        let tensor = Dispatch::float_from_data(data, options.device.as_dispatch());
        Ok(Self::new(tensor, constant.kind))
    }

    /// Copies the numbers to the host.
    pub(crate) fn to_constant(&self) -> Result<HostTensor, OpError> {
        let data = if self.is_mask() {
            burn::tensor::read_sync(Dispatch::bool_into_data(self.tensor.clone()))
        } else {
            burn::tensor::read_sync(Dispatch::float_into_data(self.tensor.clone()))
        };
        let data = data.map_err(|error| error.to_string())?;
        let numbers: Vec<f64> = if self.is_mask() {
            data.iter::<bool>().map(f64::from).collect()
        } else {
            data.iter::<f64>().collect()
        };
        Ok(HostTensor::new(self.shape(), numbers, self.kind))
    }

    pub(crate) fn into_tensor(self) -> DispatchTensor {
        self.tensor
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.tensor.shape().to_vec()
    }

    pub(crate) fn rank(&self) -> usize {
        self.tensor.shape().num_dims()
    }

    /// Whether this is an array of truth values, which have another type in Burn.
    pub(crate) fn is_mask(&self) -> bool {
        matches!(self.tensor.dtype(), DType::Bool(_))
    }

    pub(crate) fn with_kind(self, kind: NumberKind) -> Self {
        Self { kind, ..self }
    }

    fn map(self, f: impl FnOnce(DispatchTensor) -> DispatchTensor) -> Self {
        Self { tensor: f(self.tensor), kind: self.kind }
    }

    fn device(&self) -> Device {
        Device::new(self.tensor.device())
    }

    /// Device and number format of this array.
    pub(crate) fn options(&self) -> ArrayOptions {
        let device = self.device();
        let dtype = match self.tensor.dtype() {
            dtype if dtype.is_float() => dtype.into(),
            _ => device.settings().float_dtype,
        };
        ArrayOptions { device, dtype }
    }

    /// Refuses truth values; `what` names the operation in the error.
    fn floats(&self, what: &str) -> Result<&Self, OpError> {
        if self.is_mask() {
            return Err(format!(
                "{what} of truth values that depend on the input is not supported"
            )
            .into());
        }
        Ok(self)
    }
}

/// The common shape of two shapes, by ONNX's (NumPy's) rules of broadcasting.
pub(crate) fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>, OpError> {
    let rank = left.len().max(right.len());
    let extent = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis])
    };
    (0..rank)
        .map(|axis| match (extent(left, axis), extent(right, axis)) {
            (left, right) if left == right || right == 1 => Ok(left),
            (1, right) => Ok(right),
            _ => Err(format!("shapes {left:?} and {right:?} do not fit together").into()),
        })
        .collect()
}
