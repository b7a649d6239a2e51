//! Public networks. `TROPEX_TEST_ONNX` names a folder with NAME.onnx, NAME.data.safetensors (with
//! `test.points` or `test.images`) and NAME.golden.safetensors (their logits and predicted
//! classes).

use std::path::{Path, PathBuf};

use tropex_onnx::OnnxModel;

use crate::common::{Tensors, assert_close, device, logits, output_of, python};

/// The models of the folder; none without the variable.
pub(crate) fn models() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("TROPEX_TEST_ONNX") else {
        println!("skipped: TROPEX_TEST_ONNX names no folder");
        return Vec::new();
    };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut models: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "onnx")).collect();
    models.sort();
    models
}

/// The values of all points of a model, row by row.
pub(crate) fn points(path: &Path) -> Vec<f32> {
    Tensors::read(&path.with_extension("data.safetensors")).first(&["test.points", "test.images"]).1
}

#[test]
fn public_networks_predict_their_classes() {
    for path in models() {
        let device = device();
        let model = OnnxModel::open(&path, &device).unwrap();
        println!("{}: {model}", path.display());
        let found = logits(&model, &points(&path), &device);
        let golden = Tensors::read(&path.with_extension("golden.safetensors"));
        let (shape, predicted) = golden.get("predicted");
        let classes = found.len() / shape[0];
        let best: Vec<f32> = found
            .chunks(classes)
            .map(|row| {
                (0..classes).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as f32
            })
            .collect();
        assert_eq!(best, predicted, "{}", path.display());
        assert_close(&found, &golden.get("logits").1, 1e-5, &path.display().to_string());
        against_onnxruntime(&path, &found, shape[0]);
    }
}

/// Compares logits with those of onnxruntime, one point at a time.
fn against_onnxruntime(path: &Path, found: &[f32], count: usize) {
    let Some(python) = python("onnxruntime, safetensors") else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("output.safetensors");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference.py");
    let data = path.with_extension("data.safetensors");
    let (script, count) = (Path::new(script), count.to_string());
    output_of(&python, [script, path, &data, &output, Path::new(&count)]);
    let (_, expected) = Tensors::read(&output).get("output");
    assert_close(found, &expected, 1e-5, &path.display().to_string());
}
