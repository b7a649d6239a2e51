use std::collections::BTreeMap;

use super::*;
use crate::weights::Weights;
use crate::zoo::TINY_RESIDUAL;

/// Height and width of images. They have 2 channels.
const SIZE: usize = 6;

/// Shapes of the layers in PyTorch, by their numbers. The projection of a block is its last layer.
const KERNELS: [(usize, [usize; 4]); 6] = [
    (0, [3, 2, 3, 3]),
    (2, [3, 3, 3, 3]),
    (4, [3, 3, 3, 3]),
    (6, [4, 3, 3, 3]),
    (8, [4, 4, 3, 3]),
    (10, [4, 3, 1, 1]),
];
const NORMS: [(usize, usize); 5] = [(1, 3), (3, 3), (5, 3), (7, 4), (9, 4)];

type Layers = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Weights that differ from layer to layer; some scales of the norms are negative.
fn known_layers() -> Layers {
    let mut layers = Layers::new();
    let mut add = |layer: usize, leaf: &str, shape: &[usize], values: Vec<f32>| {
        layers.insert(format!("layers.{layer}.{leaf}"), (shape.to_vec(), values));
    };
    for (layer, shape) in KERNELS {
        add(layer, "weight", &shape, numbers(shape.iter().product(), 29 + 2 * layer));
        add(layer, "bias", &shape[..1], numbers(shape[0], 17 + 2 * layer));
    }
    for (layer, channels) in NORMS {
        for (leaf, step) in [("weight", 31), ("bias", 41), ("running_mean", 59)] {
            add(layer, leaf, &[channels], numbers(channels, step + 2 * layer));
        }
        let variance = numbers(channels, 23 + layer).iter().map(|value| value + 1.0).collect();
        add(layer, "running_var", &[channels], variance);
    }
    add(11, "weight", &[3, 4], numbers(12, 71));
    add(11, "bias", &[3], numbers(3, 23));
    layers
}

/// The network in plain loops and double precision.
fn reference_logits(layers: &Layers, image: &[f32]) -> Vec<f64> {
    let values = |layer: usize, leaf: &str| layers[&format!("layers.{layer}.{leaf}")].1.as_slice();
    let conv = |layer, input: &[f64], size, kernel, stride| {
        let (weight, bias) = (values(layer, "weight"), values(layer, "bias"));
        reference::conv(input, size, weight, bias, kernel, stride)
    };
    let norm = |layer, input, size: usize| {
        let leaves = ["weight", "bias", "running_mean", "running_var"];
        reference::norm(input, size * size, leaves.map(|leaf| values(layer, leaf)))
    };
    let sum = |a: Vec<f64>, b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
    let half = SIZE / 2;

    let stem = conv(0, &reference::wide(image), SIZE, 3, 1);
    let stem = reference::relu(norm(1, stem, SIZE));
    let first = reference::relu(norm(3, conv(2, &stem, SIZE, 3, 1), SIZE));
    let second = norm(5, conv(4, &first, SIZE, 3, 1), SIZE);
    let kept = reference::relu(sum(second, &stem));
    let first = reference::relu(norm(7, conv(6, &kept, SIZE, 3, 2), half));
    let second = norm(9, conv(8, &first, half, 3, 1), half);
    let halved = reference::relu(sum(second, &conv(10, &kept, SIZE, 1, 2)));

    let plane = half * half;
    let means: Vec<f64> =
        halved.chunks(plane).map(|plane| plane.iter().sum::<f64>() / plane.len() as f64).collect();
    reference::dense(&means, values(11, "weight"), values(11, "bias"))
}

fn write(path: &Path, layers: &Layers) {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let bytes: Vec<Vec<u8>> = layers.values().map(|(_, values)| bytes(values)).collect();
    let views = layers.iter().zip(&bytes).map(|((key, (shape, _)), bytes)| {
        (key, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn imported_residual_networks_compute_what_plain_loops_compute() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let layers = known_layers();
    write(&path, &layers);
    let (options, shape) = (ImportOptions::default(), [2, SIZE, SIZE]);
    let imported = import(&TINY_RESIDUAL, &path, &options, shape, 3, &device()).unwrap();
    let classifier = imported.classifier;
    let expected = reference_logits(&layers, &image());
    assert!(expected.iter().all(|logit| logit.abs() > 1e-3), "{expected:?}");
    assert_close(&logits(&classifier), &expected);
    let back = Weights::of(&classifier);
    assert!(back == Weights::read(&path).unwrap(), "other weights come back");
    assert_eq!(back.iter().count(), layers.len());
}

#[test]
fn missing_projections_of_shortcuts_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut layers = known_layers();
    layers.retain(|key, _| !key.starts_with("layers.10."));
    write(&path, &layers);
    let options = ImportOptions::default();
    let imported = import(&TINY_RESIDUAL, &path, &options, [2, SIZE, SIZE], 3, &device());
    let line = imported.unwrap_err().to_string();
    assert!(line.contains("projections of the shortcuts: layers.10 [4, 3, 1, 1]"), "{line}");
}
