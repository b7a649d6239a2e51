//! Models that cannot be used, and their errors.

use burn::tensor::{DType, FloatDType, Tensor};
use tropex_onnx::{OnnxError, OnnxModel, OnnxOptions};

use crate::common::{device, model};

fn refused(name: &str) -> OnnxError {
    OnnxModel::open(model(name), &device()).unwrap_err()
}

#[test]
fn one_error_lists_every_unusable_node() {
    let OnnxError::Unsupported(nodes) = refused("refused.onnx") else { panic!() };
    let told: Vec<_> = nodes
        .iter()
        .map(|node| (node.node.as_str(), node.operator.as_str(), node.shapes.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("gate", "Sigmoid", " on [n, 4]"),
            ("swish", "Mul", " on [n, 4] and [n, 4]"),
            ("boxes", "NonMaxSuppression", " on [n, 4] and [n, 4]"),
            ("gelu", "Gelu", " on [n, 4]"),
        ]
    );
    assert!(nodes[0].reason.contains("not piecewise linear"));
    assert!(nodes[1].reason.contains("a product of two values"));
    assert!(nodes[2].reason.contains("not supported"));
    let text = OnnxError::Unsupported(nodes).to_string();
    assert!(text.starts_with("4 nodes cannot be used:\n  node `gate` (Sigmoid on [n, 4]): "));
    assert!(text.contains(";\n  node `swish` (Mul"), "{text}");
}

#[test]
fn a_model_that_mixes_points_is_refused() {
    let OnnxError::Batch(reason) = refused("mixing.onnx") else { panic!() };
    assert!(reason.contains("it mixes points"), "{reason}");
}

#[test]
fn points_must_have_the_shape_and_the_precision_of_the_model() {
    let device = device();
    let model = OnnxModel::open(model("mlp.onnx"), &device).unwrap();
    let points = Tensor::<2>::zeros([2, 5], &device);
    let error = model.forward::<2, 2>(points).unwrap_err().to_string();
    assert_eq!(error, "points of shape [2, 5] were given, but its input `x` takes [n, 4]");
    let points = Tensor::<2>::zeros([2, 4], (&device, DType::F64));
    let error = model.forward::<2, 2>(points).unwrap_err().to_string();
    assert_eq!(error, "points in f64 were given, but the model was opened in f32");
    let points = Tensor::<2>::zeros([2, 4], &device);
    let error = model.forward::<2, 4>(points).unwrap_err().to_string();
    assert_eq!(error, "its output has 2 axes, [n, 3], but a tensor with 4 was asked for");
}

#[test]
fn doubles_can_be_kept() {
    let device = device();
    let options = OnnxOptions::default().with_precision(FloatDType::F64);
    let model = options.open(model("double.onnx"), &device).unwrap();
    assert_eq!(model.precision(), FloatDType::F64);
    let points = Tensor::<2>::zeros([2, 4], (&device, DType::F64));
    assert!(model.logits(points).is_ok());
}

#[test]
fn a_requested_shape_must_fit() {
    let options = OnnxOptions::default().with_input_shape([5]);
    let error = options.open(model("mlp.onnx"), &device()).unwrap_err().to_string();
    assert_eq!(error, "points of shape [5] were asked for, but its input `x` takes [n, 4]");
}

#[test]
fn files_of_other_kinds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let error = OnnxModel::open(&path, &device()).unwrap_err();
    assert!(matches!(error, OnnxError::Read { .. }), "{error}");
    for (content, expected) in [
        ("", "it holds no graph"),
        ("{\"not\": \"onnx\"}", "no protocol buffer of a model"),
        ("version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = OnnxModel::open(&path, &device()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
