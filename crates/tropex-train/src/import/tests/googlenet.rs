//! GoogLeNet with known weights.

use super::*;
use crate::weights::{Role, tensor_specs};

/// Logits of `fixtures/googlenet.py`, in double precision.
const EXPECTED: [f64; 3] = [0.173_128_643_007_6, 0.106_457_445_941_2, 0.080_735_562_461_6];

/// The value of a weight: He's spread for kernels, near the identity for batch norms.
fn value(role: Role, inputs: usize, index: usize) -> f32 {
    let number = f64::from(((index * 37 + 13) % 101) as u32) / 100.0 - 0.5;
    let value = match role {
        Role::Weight => number * (24.0 / inputs as f64).sqrt(),
        Role::Scale | Role::RunningVariance => 1.0 + number / 2.0,
        Role::Bias | Role::RunningMean => number / 5.0,
    };
    value as f32
}

#[test]
fn googlenet_computes_what_pytorch_computes() {
    let architecture = Architecture::find("googlenet-narrow").unwrap();
    let (shape, count) = ([1, 12, 12], 144);
    let specs = tensor_specs(&architecture.skeleton(shape, 3, &device()).unwrap());
    let tensors = specs.iter().map(|spec| {
        let inputs = spec.shape.iter().skip(1).product();
        let values = (0..spec.shape.iter().product()).map(|at| value(spec.role, inputs, at));
        (spec.key.clone(), spec.shape.clone(), values.flat_map(f32::to_le_bytes).collect())
    });
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors.collect();
    let views = tensors.iter().map(|(key, shape, bytes)| {
        (key.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();

    let options = ImportOptions::default();
    let imported = import(&architecture, &path, &options, shape, 3, &device()).unwrap();
    let pixels: Vec<f32> = (0..count).map(|at| ((at * 37) % 101) as f32 / 100.0).collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, [1, 1, 12, 12]), &device());
    let logits = imported.classifier.forward(images).try_into_vec_as::<f32>().unwrap();
    assert_close(&logits, &EXPECTED);
}
