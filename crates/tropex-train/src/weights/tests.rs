use std::fs;

use burn::tensor::TensorData;

use super::*;
use crate::testing::device;
use crate::zoo::Architecture;

const SHAPE: [usize; 3] = [1, 8, 8];

fn network(name: &str, seed: u64) -> Classifier {
    Architecture::find(name).unwrap().init(SHAPE, 3, &device(), seed).unwrap()
}

/// The error of loading `weights` into a small network.
fn refused(weights: Weights) -> String {
    let path = Path::new("somewhere/model.safetensors");
    weights.apply(network("mnist-cnn", 0), path).unwrap_err().to_string()
}

#[test]
fn layers_are_numbered_and_laid_out_as_in_pytorch() {
    let tensor_specs = tensor_specs(&network("vgg-batch-norm", 0));
    let shape = |key: &str| tensor_specs.iter().find(|spec| spec.key == key).unwrap().shape.clone();
    assert_eq!(shape("layers.0.weight"), [32, 1, 3, 3]);
    assert_eq!(shape("layers.1.running_var"), [32]);
    assert_eq!(shape("layers.16.weight"), [128, 128]);
    assert_eq!(shape("layers.17.weight"), [3, 128]);
    assert_eq!(tensor_specs.len(), 8 * (2 + 4) + 2 * 2);
}

#[test]
fn written_weights_are_read_back_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let network_1 = network("vgg-batch-norm", 1);
    let images = Tensor::<4>::ones([2, 1, 8, 8], &device());
    Weights::of(&network_1).write(&path).unwrap();
    let loaded = Weights::read(&path).unwrap().apply(network("vgg-batch-norm", 2), &path).unwrap();
    let logits = |network: &Classifier| network.forward(images.clone()).into_data();
    logits(&loaded).assert_eq(&logits(&network_1), true);
    assert_eq!(Weights::of(&loaded), Weights::of(&network_1));
}

#[test]
fn loading_does_not_change_other_networks() {
    let path = Path::new("model.safetensors");
    let (first, second) = (network("vgg-batch-norm", 1), network("vgg-batch-norm", 2));
    let before = Weights::of(&first);
    Weights::of(&second).apply(network("vgg-batch-norm", 1), path).unwrap();
    assert_eq!(Weights::of(&first), before);
}

#[test]
fn a_missing_tensor_is_named() {
    let mut weights = Weights::of(&network("mnist-cnn", 0));
    weights.remove("layers.3.bias");
    let line = refused(weights);
    assert!(line.contains("`layers.3.bias`") && line.contains("[64]"), "{line}");
    assert!(line.contains("somewhere/model.safetensors"), "{line}");
}

#[test]
fn an_unknown_tensor_is_named() {
    let mut weights = Weights::of(&network("mnist-cnn", 0));
    weights.insert("layers.9.weight".into(), TensorData::from([1.0f32]));
    assert!(refused(weights).contains("`layers.9.weight` has no place"));
}

#[test]
fn a_wrong_shape_is_named_with_the_right_one() {
    let mut weights = Weights::of(&network("mnist-cnn", 0));
    weights.insert("layers.4.weight".into(), TensorData::from([[0.0f32; 3]; 64]));
    let line = refused(weights);
    assert!(line.contains("[64, 3]") && line.contains("[3, 64]"), "{line}");
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let mut weights = Weights::of(&network("mnist-cnn", 0));
    weights.insert("layers.4.bias".into(), TensorData::from([0.0f32, f32::NAN, 0.0]));
    let line = refused(weights);
    assert!(line.contains("`layers.4.bias` holds NaN at 1"), "{line}");
}

#[test]
fn every_float_precision_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    // 1.5 and -2 in f16, bf16 and f64.
    let half = [0x00, 0x3e, 0x00, 0xc0];
    let brain = [0xc0, 0x3f, 0x00, 0xc0];
    let double: Vec<u8> = [1.5f64, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = |dtype, bytes| safetensors::tensor::TensorView::new(dtype, vec![2], bytes).unwrap();
    let views = [
        ("a", view(safetensors::Dtype::F16, &half[..])),
        ("b", view(safetensors::Dtype::BF16, &brain[..])),
        ("c", view(safetensors::Dtype::F64, &double[..])),
    ];
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    for (key, data) in Weights::read(&path).unwrap().iter() {
        assert_eq!(data.iter::<f32>().collect::<Vec<_>>(), [1.5, -2.0], "{key}");
    }
}

#[test]
fn integers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("integers.safetensors");
    let bytes = 7i64.to_le_bytes();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::I64, vec![], &bytes);
    let tensors = [("layers.1.weight", view.unwrap())];
    fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
    let line = Weights::read(&path).unwrap_err().to_string();
    assert!(line.contains("`layers.1.weight` is of type I64"), "{line}");
}

#[test]
fn damaged_and_foreign_files_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    Weights::of(&network("mnist-cnn", 0)).write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in [0, 7, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let line = Weights::read(&path).unwrap_err().to_string();
        assert!(line.contains("model.safetensors") && line.contains("damaged"), "{line}");
        assert!(!line.contains('\n'), "{line}");
    }
    let line = Weights::read(&folder.path().join("none.safetensors")).unwrap_err().to_string();
    assert!(line.contains("cannot read"), "{line}");
}

#[test]
fn every_flipped_bit_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let tiny = crate::zoo::TINY.init([1, 4, 4], 3, &device(), 1).unwrap();
    Weights::of(&tiny).write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    // 37 is odd, so every bit position of a byte is tested.
    for bit in (0..8 * whole.len()).step_by(37) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, flipped).unwrap();
        let line = Weights::read(&path).unwrap_err().to_string();
        let is_told = line.contains("does not match its checksum");
        assert!(is_told || bit / 8 < header && line.contains("damaged"), "bit {bit}: {line}");
    }
}

#[test]
fn weights_without_a_checksum_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let weights = Weights::of(&network("mnist-cnn", 0));
    let views = weights.iter().map(|(key, data)| {
        let shape = data.shape().as_slice().to_vec();
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, data.as_bytes());
        (key, view.unwrap())
    });
    let header = [("format".to_owned(), "pt".to_owned())].into();
    fs::write(&path, safetensors::serialize(views, Some(header)).unwrap()).unwrap();
    assert!(Weights::read(&path).unwrap() == weights);
}

#[test]
fn tensors_are_compared_before_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let other = Weights::of(&network("vgg-narrow", 0));
    other.write(&path).unwrap();
    let line = Weights::load(&path, network("mnist-cnn", 0)).unwrap_err().to_string();
    assert!(
        line.contains("`layers.0.weight` has shape [4, 1, 3, 3], expected [32, 1, 3, 3]"),
        "{line}"
    );
}
