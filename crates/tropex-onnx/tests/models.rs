//! The small models of `tests/models`: each one is written in another way.

use tropex_onnx::{OnnxModel, OnnxOptions};

use crate::common::{Tensors, assert_close, device, logits, model};

/// Compares a model with onnxruntime, at five points at once and one by one.
fn agrees(name: &str, options: &OnnxOptions, share: f32) -> OnnxModel {
    let expected = Tensors::read(&model("expected.safetensors"));
    let (_, points) = expected.get(&format!("{name}.points"));
    let (_, output) = expected.get(&format!("{name}.output"));
    let device = device();
    let model = options.open(model(&format!("{name}.onnx")), &device).unwrap();
    assert_close(&logits(&model, &points, &device), &output, share, name);
    let features: usize = model.input_shape().iter().product();
    let alone: Vec<f32> =
        points.chunks(features).flat_map(|point| logits(&model, point, &device)).collect();
    assert_close(&alone, &output, share, name);
    model
}

#[test]
fn models_in_memory_are_those_of_their_files() {
    let (device, points) = (device(), [0.5, -1.0, 2.0, 0.25, 1.5, 0.0, -0.5, 3.0]);
    let content = std::fs::read(model("mlp.onnx")).unwrap();
    let in_memory = OnnxModel::from_bytes(content.clone(), &device).unwrap();
    let opened = OnnxModel::open(model("mlp.onnx"), &device).unwrap();
    assert_eq!(logits(&in_memory, &points, &device), logits(&opened, &points, &device));
    let error = OnnxModel::from_bytes(content[..40].to_vec(), &device).unwrap_err().to_string();
    assert!(error.starts_with("the given bytes cannot be read as an ONNX model: "), "{error}");
    let external = std::fs::read(model("external.onnx")).unwrap();
    let error = OnnxModel::from_bytes(external, &device).unwrap_err().to_string();
    assert!(error.contains("a model in memory does not have; open the model's file"), "{error}");
}

#[test]
fn models_exported_for_one_point_accept_any_batch() {
    let model = agrees("mlp", &OnnxOptions::default(), 1e-6);
    assert_eq!((model.input_shape(), model.output_shape()), (&[4][..], &[3][..]));
    assert_eq!(
        model.to_string(),
        "`x` [n, 4] -> `y` [n, 3], 67 parameters, operator set 13: 2 Gemm, 1 Relu; left out at the \
         end: Softmax `y`"
    );
}

#[test]
fn halves_and_doubles_are_read() {
    for (name, share) in [("half", 2e-3), ("bfloat16", 1e-6), ("double", 1e-6), ("external", 1e-6)]
    {
        agrees(name, &OnnxOptions::default(), share);
    }
}

#[test]
fn initializers_can_be_listed_as_inputs_and_shapes_computed() {
    let model = agrees("listed", &OnnxOptions::default(), 1e-5);
    assert_eq!(model.input_shape(), [2, 6, 7]);
    // The shape for the reshape depends on the number of points. All constant nodes are computed.
    assert_eq!(model.operators().get("Shape"), Some(&1));
    assert_eq!(model.operators().get("Constant"), None);
}

#[test]
fn reshapes_to_a_batch_of_one_are_scaled() {
    agrees("baked", &OnnxOptions::default(), 1e-5);
}

#[test]
fn planes_may_have_channels_last_and_names_for_extents() {
    let model = agrees("channels_last", &OnnxOptions::default(), 1e-5);
    assert_eq!(model.input_shape(), [4, 4, 2]);
}

#[test]
fn an_output_is_chosen_by_name() {
    let options = OnnxOptions::default().with_output("logits");
    agrees("two_outputs", &options, 1e-6);
    let error = OnnxModel::open(model("two_outputs.onnx"), &device()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "its outputs `hidden`, `logits` are different values; choose one by its name"
    );
    let error = OnnxOptions::default().with_output("z").open(model("two_outputs.onnx"), &device());
    assert_eq!(
        error.unwrap_err().to_string(),
        "no output is named `z`; there are `hidden`, `logits`"
    );
}

#[test]
fn labels_and_probabilities_lead_to_the_same_scores() {
    let model = agrees("labels", &OnnxOptions::default(), 1e-6);
    let dropped: Vec<_> = model.dropped().iter().map(|node| node.operator.as_str()).collect();
    assert_eq!(dropped, ["Softmax", "ZipMap"]);
}

#[test]
fn parameters_have_the_names_of_the_file() {
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::Tensor;

    #[derive(Default)]
    struct Paths(Vec<String>, Vec<usize>);
    impl ModuleVisitor for Paths {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.0.push(name.to_owned());
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.push(param.val().shape().num_elements());
        }
    }
    let model = OnnxModel::open(model("listed.onnx"), &device()).unwrap();
    let mut paths = Paths::default();
    model.visit(&mut paths);
    let names = [
        "conv.weight",
        "conv.bias",
        "norm.weight",
        "norm.bias",
        "norm.mean",
        "norm.variance",
        "out.weight",
        "out.bias",
    ];
    assert_eq!(paths.0, names);
    assert_eq!(paths.1, [108, 6, 6, 6, 6, 6, 162, 3]);
}

#[test]
fn every_file_is_small() {
    let folder = model("");
    let sizes =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    assert!(sizes.sum::<u64>() < 100 << 10);
}
