//! Named tensors as bytes, in the safetensors format.

use std::collections::BTreeMap;

use burn::tensor::{DType, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

/// Tensors of numbers by name.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TensorBundle(BTreeMap<String, TensorData>);

impl TensorBundle {
    /// Adds a tensor of type `f32`, `f64`, `i64` or `u8`.
    pub(super) fn put(&mut self, name: impl Into<String>, data: TensorData) {
        self.0.insert(name.into(), data);
    }

    /// Takes a tensor out; `None` if there is none with this name.
    pub(super) fn take(&mut self, name: &str) -> Option<TensorData> {
        self.0.remove(name)
    }

    /// Takes the numbers of a tensor of type `i64` out, as sizes.
    pub(super) fn take_sizes(&mut self, name: &str) -> Option<Vec<usize>> {
        let data = self.take(name)?;
        let numbers = data.as_slice::<i64>().ok()?;
        numbers.iter().map(|&number| usize::try_from(number).ok()).collect()
    }

    /// Adds sizes as a tensor of type `i64`.
    pub(super) fn put_sizes(&mut self, name: impl Into<String>, sizes: &[usize]) {
        let numbers: Vec<i64> = sizes.iter().map(|&size| size as i64).collect();
        let count = numbers.len();
        self.put(name, TensorData::new(numbers, [count]));
    }

    /// The content of a safetensors file with the tensors.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let views = self.0.iter().map(|(name, data)| {
            let view =
                TensorView::new(stored(data.dtype()), data.shape().to_vec(), data.as_bytes());
            (name, view.expect("the bytes of a tensor have its type and shape"))
        });
        serialize(views, None).expect("a list of tensors with different names can be written")
    }

    /// The tensors of a safetensors file; `None` if the bytes are not such a file.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let tensors = SafeTensors::deserialize(bytes).ok()?;
        let tensors = tensors.iter().map(|(name, view)| {
            let (shape, dtype) = (view.shape().to_vec(), held(view.dtype())?);
            let data = TensorData::from_bytes_vec(view.data().to_vec(), shape, dtype);
            Some((name.to_owned(), data))
        });
        tensors.collect::<Option<_>>().map(Self)
    }
}

fn stored(dtype: DType) -> Dtype {
    match dtype {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::I64 => Dtype::I64,
        DType::U8 => Dtype::U8,
        other => unreachable!("a tensor of type {other:?} in a bundle"),
    }
}

fn held(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::I64 => DType::I64,
        Dtype::U8 => DType::U8,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_survive_as_bytes() {
        let mut bundle = TensorBundle::default();
        bundle.put("single", TensorData::new(vec![1.5_f32, -0.0, f32::INFINITY], [3, 1]));
        bundle.put("double", TensorData::new(vec![f64::MIN_POSITIVE, 0.1], [2]));
        bundle.put("bytes", TensorData::new(vec![7_u8, 255], [2]));
        bundle.put("none", TensorData::new(Vec::<f32>::new(), [0, 4]));
        bundle.put_sizes("sizes", &[3, 0, 70_000]);
        let bytes = bundle.to_bytes();
        let mut found = TensorBundle::from_bytes(&bytes).unwrap();
        assert_eq!(found, bundle);
        assert_eq!(found.take_sizes("sizes"), Some(vec![3, 0, 70_000]));
        assert_eq!((found.take_sizes("sizes"), found.take_sizes("double")), (None, None));
        assert_eq!(TensorBundle::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(TensorBundle::from_bytes(b""), None);
    }
}
