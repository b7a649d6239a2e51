//! Models captured as piecewise-linear networks, and the terms of these networks.

use burn::tensor::FloatDType;
use tropex_extract::extract::Extractor;
use tropex_extract::terms::Classes;
use tropex_extract::{Error, Gauge, Network, capture};
use tropex_onnx::{OnnxModel, OnnxOptions};

use crate::common::{Tensors, assert_close, device, model};
use crate::public;

/// Captures a model with any number of input axes.
pub(crate) fn captured(model: &OnnxModel) -> Result<Network, Error> {
    macro_rules! of {
        ($points:literal, $axes:literal) => {{
            let shape: [usize; $points] = model.input_shape().try_into().unwrap();
            capture(model, shape, |model: &OnnxModel, points: burn::tensor::Tensor<$axes>| {
                model.logits(points).unwrap()
            })
        }};
    }
    match model.input_shape().len() {
        1 => of!(1, 2),
        2 => of!(2, 3),
        3 => of!(3, 4),
        4 => of!(4, 5),
        axes => panic!("{axes} axes"),
    }
}

#[test]
fn small_models_are_captured() {
    for name in ["mlp", "half", "listed", "baked", "channels_last", "labels"] {
        let opened = OnnxModel::open(model(&format!("{name}.onnx")), &device()).unwrap();
        let network = captured(&opened).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(network.classes(), opened.output_shape()[0], "{name}");
        println!("{name}: {} units", network.units());
    }
}

#[test]
fn layers_have_the_names_of_the_file() {
    let opened = OnnxModel::open(model("listed.onnx"), &device()).unwrap();
    let text = captured(&opened).unwrap().to_string();
    assert!(text.contains(" conv + norm ") && text.contains("linear(v3) out "), "{text}");
}

#[test]
fn public_networks_have_their_terms() {
    for path in public::models() {
        let options = OnnxOptions::default().with_precision(FloatDType::F64);
        let opened = options.open(&path, &device()).unwrap();
        let network =
            captured(&opened).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted).unwrap();
        let terms = extractor.extract(&public::points(&path)).unwrap();
        let golden = Tensors::read(&path.with_extension("golden.safetensors"));
        let (_, predicted) = golden.get("predicted");
        let found: Vec<f32> = terms.predicted().iter().map(|&class| class as f32).collect();
        assert_eq!(found, predicted, "{}", path.display());
        let rows: Vec<_> = (0..terms.len()).map(|point| terms.linear(point, 0)).collect();
        let coefficients: Vec<f32> =
            rows.iter().flat_map(|(row, _)| row.iter().map(|&number| number as f32)).collect();
        let bias: Vec<f32> = rows.iter().map(|(_, bias)| *bias as f32).collect();
        let what = path.display().to_string();
        assert_close(&coefficients, &golden.get("linear.coefficients").1, 1e-6, &what);
        assert_close(&bias, &golden.get("linear.bias").1, 1e-6, &what);
        println!("{}: {} units", path.display(), network.units());
    }
}
