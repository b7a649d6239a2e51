mod googlenet;
mod names;
mod reference;
mod residual;
mod torch;

use std::fs;
use std::path::PathBuf;

use burn::tensor::{Tensor, TensorData};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::*;
use crate::testing::{device, rounds_products};
use crate::zoo::{TINY, TINY_DENSE};

/// With two channels and 6x6 pixels, 4 filters of 2x2 cells enter the dense layer.
const SHAPE: [usize; 3] = [2, 6, 6];

/// Numbers in [-0.5, 0.5] that differ from position to position.
fn numbers(count: usize, step: usize) -> Vec<f32> {
    (0..count).map(|index| ((index * step + 13) % 101) as f32 / 100.0 - 0.5).collect()
}

/// The layers of the tiny network with known weights, in PyTorch's layout.
fn known_weights() -> Vec<(&'static str, Vec<usize>, Vec<f32>)> {
    vec![
        ("0.weight", vec![3, 2, 3, 3], numbers(54, 37)),
        ("0.bias", vec![3], vec![0.1, -0.2, 0.3]),
        ("1.weight", vec![3], vec![1.5, -0.7, 0.9]),
        ("1.bias", vec![3], vec![0.05, 0.4, -0.1]),
        ("1.running_mean", vec![3], vec![0.2, -0.1, 0.3]),
        ("1.running_var", vec![3], vec![0.5, 1.2, 2.0]),
        ("2.weight", vec![4, 3, 3, 3], numbers(108, 29)),
        ("2.bias", vec![4], numbers(4, 41)),
        ("3.weight", vec![16, 16], numbers(256, 53)),
        ("3.bias", vec![16], numbers(16, 17)),
        ("4.weight", vec![3, 16], numbers(48, 71)),
        ("4.bias", vec![3], numbers(3, 23)),
    ]
}

fn image() -> Vec<f32> {
    (0..72).map(|index| ((index * 37) % 101) as f32 / 100.0).collect()
}

fn logits(classifier: &Classifier) -> Vec<f32> {
    let image = TensorData::new(image(), [1, 2, 6, 6]);
    let images = Tensor::<4>::from_data(image, &device());
    classifier.forward(images).try_into_vec_as::<f32>().unwrap()
}

fn assert_close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let allowed = if rounds_products() { 1e-2 } else { 1e-5 };
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < allowed, "{found} is not {expected}");
    }
}

/// Writes the known weights under other names into a safetensors file.
fn file(folder: &Path, name: impl Fn(&str) -> String) -> PathBuf {
    let known = known_weights();
    let bytes: Vec<Vec<u8>> = known
        .iter()
        .map(|(.., values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = known.iter().zip(&bytes).map(|((key, shape, _), bytes)| {
        (name(key), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let path = folder.join("weights.safetensors");
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn import_tiny(path: &Path) -> Result<Classifier, ImportError> {
    import_with(path, &ImportOptions::default()).map(|imported| imported.classifier)
}

fn import_with(path: &Path, options: &ImportOptions) -> Result<ImportedNetwork, ImportError> {
    import(&TINY, path, options, SHAPE, 3, &device())
}

fn import_named(name: impl Fn(&str) -> String) -> Result<Classifier, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    import_tiny(&file(folder.path(), name))
}

/// The tiny network in plain loops and double precision.
fn reference_logits(image: &[f32]) -> Vec<f64> {
    reference_logits_with(image, 0.0)
}

/// The logits with a number added to the variances.
fn reference_logits_with(image: &[f32], shift: f32) -> Vec<f64> {
    let known = known_weights().into_iter().map(|(.., values)| values);
    let [w0, b0, gamma, beta, mean, var, w2, b2, w3, b3, w4, b4]: [Vec<f32>; 12] =
        known.collect::<Vec<_>>().try_into().unwrap();
    let var: Vec<f32> = var.iter().map(|variance| variance + shift).collect();
    let values = reference::conv(&reference::wide(image), 6, &w0, &b0, 3, 1);
    let values = reference::norm(values, 36, [&gamma, &beta, &mean, &var]);
    let values = reference::max_pool(&reference::relu(values), 6);
    let values = reference::relu(reference::conv(&values, 3, &w2, &b2, 3, 2));
    reference::dense(&reference::relu(reference::dense(&values, &w3, &b3)), &w4, &b4)
}

#[test]
fn imported_weights_compute_what_plain_loops_compute() {
    let classifier = import_named(|key| format!("layers.{key}")).unwrap();
    assert_close(&logits(&classifier), &reference_logits(&image()));
}

#[test]
fn layers_are_found_under_any_shared_prefix_and_with_gaps() {
    let expected = logits(&import_named(|key| format!("layers.{key}")).unwrap());
    let renumbered = |key: &str| {
        let (layer, leaf) = key.split_once('.').unwrap();
        format!("{}.{leaf}", ["0", "1", "4", "7", "10"][layer.parse::<usize>().unwrap()])
    };
    for prefix in ["", "net.", "module.net."] {
        let found = logits(&import_named(|key| format!("{prefix}{}", renumbered(key))).unwrap());
        assert_eq!(found, expected, "prefix {prefix:?}");
    }
}

#[test]
fn another_number_of_layers_is_refused() {
    let error = import_named(|key| match key.strip_prefix("4.") {
        Some(leaf) => format!("layers.5.{leaf}.{leaf}"),
        None => format!("layers.{key}"),
    });
    let line = error.unwrap_err().to_string();
    assert!(line.contains("layers.5.bias"), "{line}");
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), |key| format!("layers.{key}"));
    let fcn = Architecture::find("fcn2").unwrap();
    let options = ImportOptions::default();
    let line = import(&fcn, &path, &options, SHAPE, 3, &device()).unwrap_err().to_string();
    assert!(line.contains("5 layers with parameters, expected 2"), "{line}");
}

/// State dicts of one network, written by PyTorch 1.13.1. One is from an `nn.Sequential` of the
/// tiny network with random weights. The other has the prefix `net.` and is under the key
/// `state_dict`.
const STATE_DICTS: [(&str, &[u8]); 2] = [
    ("sequential.pt", include_bytes!("fixtures/sequential.pt")),
    ("checkpoint.pth", include_bytes!("fixtures/checkpoint.pth")),
];

#[test]
fn state_dicts_of_pytorch_compute_what_pytorch_computes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in STATE_DICTS {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let found = logits(&import_tiny(&path).unwrap());
        // The logits of PyTorch for `image()`, in f64.
        assert_close(&found, &[-0.060290121018539, -0.059236397014026, 0.040612893207072]);
    }
}

#[test]
fn state_dicts_of_pytorch_are_imported_into_layers_in_a_line() {
    let layers: Architecture = "C3p1,BN,P,C4s2p1,D16".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in STATE_DICTS {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let options = ImportOptions::default();
        let imported = import(&layers, &path, &options, SHAPE, 3, &device()).unwrap();
        let expected = logits(&import_tiny(&path).unwrap());
        assert_eq!(logits(&imported.classifier), expected, "{name}");
    }
}

#[test]
fn damaged_state_dicts_are_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (name, bytes) = STATE_DICTS[0];
    let path = folder.path().join(name);
    for length in [0, 3, 100, bytes.len() / 2, bytes.len() - 10] {
        fs::write(&path, &bytes[..length]).unwrap();
        let line = import_tiny(&path).unwrap_err().to_string();
        assert!(line.contains("sequential.pt") && !line.contains('\n'), "{line}");
    }
    fs::remove_file(&path).unwrap();
    let line = import_tiny(&path).unwrap_err().to_string();
    assert!(line.contains("cannot read"), "{line}");
}
