//! Networks exported from PyTorch and scikit-learn, and random networks. The tests need the Python
//! packages.

use tropex_onnx::OnnxOptions;

use crate::common::{Tensors, assert_close, device, logits, output_of, python};

#[test]
fn exports_of_pytorch_give_what_onnxruntime_gives() {
    let Some(python) = python("torch, onnx, onnxruntime, safetensors") else { return };
    agree(&python, "exports.py", &[]);
}

#[test]
fn random_networks_give_what_onnxruntime_gives() {
    let Some(python) = python("onnx, onnxruntime, safetensors") else { return };
    agree(&python, "random_graphs.py", &["150"]);
}

#[test]
fn classifiers_of_scikit_learn_give_their_scores() {
    let Some(python) = python("sklearn, skl2onnx, safetensors") else { return };
    agree(&python, "classifiers.py", &[]);
}

/// Compares every model that a script writes with the output in the file beside it.
fn agree(python: &str, script: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR"));
    let arguments = arguments.iter().map(AsRef::as_ref);
    output_of(python, [script.as_ref(), folder.path().as_os_str()].into_iter().chain(arguments));
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut models: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "onnx")).collect();
    models.sort();
    let mut refused = Vec::new();
    for path in &models {
        let expected = Tensors::read(&path.with_extension("safetensors"));
        let (shape, points) = expected.get("points");
        let device = device();
        let options = OnnxOptions::default().with_input_shape(&shape[1..]);
        match options.open(path, &device) {
            Ok(model) => {
                let found = logits(&model, &points, &device);
                let what = format!("{}: {model}", path.display());
                assert_close(&found, &expected.get("output").1, 1e-4, &what);
            }
            Err(error) => refused.push(format!("{}: {error}", path.display())),
        }
    }
    println!("{} models of {script}", models.len());
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
    assert!(models.len() >= 8);
}
