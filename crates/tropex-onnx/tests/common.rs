//! Shared by the tests: files, numbers, the tested device and Python.

#[path = "../../../tests/common/device.rs"]
mod device;
#[path = "../../../tests/common/python.rs"]
mod python;

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use tropex_onnx::OnnxModel;

pub(crate) use device::device;
pub(crate) use python::{output_of, python};

/// A file of `tests/models`.
pub(crate) fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name)
}

/// Tensors of a safetensors file.
pub(crate) struct Tensors(Vec<u8>);

impl Tensors {
    pub(crate) fn read(path: &Path) -> Self {
        Self(std::fs::read(path).unwrap())
    }

    /// The first existing tensor of several names.
    pub(crate) fn first(&self, names: &[&str]) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        self.get(names.iter().find(|name| file.tensor(name).is_ok()).unwrap())
    }

    /// Shape and numbers of a tensor in `f32`, `f64` or `i64`.
    pub(crate) fn get(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap_or_else(|_| panic!("no tensor {name}"));
        let numbers = match tensor.dtype() {
            safetensors::Dtype::F32 => {
                let chunks = tensor.data().chunks_exact(4);
                chunks.map(|chunk| f32::from_le_bytes(chunk.try_into().unwrap())).collect()
            }
            safetensors::Dtype::F64 => {
                let chunks = tensor.data().chunks_exact(8);
                chunks.map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap()) as f32).collect()
            }
            safetensors::Dtype::I64 => {
                let chunks = tensor.data().chunks_exact(8);
                chunks.map(|chunk| i64::from_le_bytes(chunk.try_into().unwrap()) as f32).collect()
            }
            other => panic!("{name} is {other:?}"),
        };
        (tensor.shape().to_vec(), numbers)
    }
}

/// The logits of a model at points, row by row.
pub(crate) fn logits(model: &OnnxModel, points: &[f32], device: &Device) -> Vec<f32> {
    let count = points.len() / model.input_shape().iter().product::<usize>();
    let shape = [&[count], model.input_shape()].concat();
    let data = TensorData::new(points.to_vec(), shape.clone());
    let logits = match shape.len() {
        2 => model.logits(Tensor::<2>::from_data(data, device)),
        3 => model.logits(Tensor::<3>::from_data(data, device)),
        4 => model.logits(Tensor::<4>::from_data(data, device)),
        5 => model.logits(Tensor::<5>::from_data(data, device)),
        axes => panic!("{axes} axes"),
    };
    logits.unwrap().into_data().iter().collect()
}

/// Asserts that numbers are equal, up to a share of the largest one.
pub(crate) fn assert_close(found: &[f32], expected: &[f32], share: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f32, |scale, number| scale.max(number.abs()));
    for (found, expected) in found.iter().zip(expected) {
        // This comparison fails for NaN.
        let is_close = (found - expected).abs() <= share * scale;
        assert!(is_close, "{what}: {found} instead of {expected}");
    }
}
