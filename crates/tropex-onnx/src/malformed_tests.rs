//! Graphs that contradict themselves, or need too much memory.

use bytes::Bytes;
use prost::Message;

use crate::OnnxModel;
use crate::proto::{self, data_type};
use crate::testing::device;

fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> proto::NodeProto {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    proto::NodeProto {
        inputs: names(inputs),
        outputs: names(outputs),
        operator: operator.into(),
        ..Default::default()
    }
}

fn ints(name: &str, ints: &[i64]) -> proto::AttributeProto {
    proto::AttributeProto { name: name.into(), ints: ints.to_vec(), ..Default::default() }
}

fn integers(name: &str, numbers: &[i64]) -> proto::TensorProto {
    let raw: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    proto::TensorProto {
        name: name.into(),
        shape: vec![numbers.len() as i64],
        data_type: data_type::INT64,
        raw: Some(Bytes::from(raw)),
        ..Default::default()
    }
}

fn zeros(name: &str, shape: &[i64]) -> proto::TensorProto {
    let count: i64 = shape.iter().product();
    proto::TensorProto {
        name: name.into(),
        shape: shape.to_vec(),
        data_type: data_type::FLOAT,
        raw: Some(Bytes::from(vec![0; 4 * count as usize])),
        ..Default::default()
    }
}

fn port(name: &str, shape: &[i64]) -> proto::ValueInfoProto {
    let extent = |&value: &i64| proto::DimensionProto { value: Some(value), symbol: None };
    let shape = proto::TensorShapeProto { axes: shape.iter().map(extent).collect() };
    let tensor = proto::TensorTypeProto { data_type: data_type::FLOAT, shape: Some(shape) };
    proto::ValueInfoProto {
        name: name.into(),
        kind: Some(proto::TypeProto { tensor: Some(tensor) }),
    }
}

/// The error of a model from an input `x` of a shape to an output `y`; `opened` without error.
fn told(
    shape: &[i64],
    nodes: Vec<proto::NodeProto>,
    initializers: Vec<proto::TensorProto>,
) -> String {
    let graph = proto::GraphProto {
        nodes,
        initializers,
        inputs: vec![port("x", shape)],
        outputs: vec![port("y", &[])],
        ..Default::default()
    };
    let opset = proto::OperatorSetIdProto { version: 13, ..Default::default() };
    let model = proto::ModelProto {
        ir_version: 8,
        opsets: vec![opset],
        graph: Some(graph),
        ..Default::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    OnnxModel::open(&path, &device()).map_or_else(|error| error.to_string(), |_| "opened".into())
}

#[test]
fn nodes_may_be_in_any_order() {
    let nodes = vec![node("Relu", &["h"], &["y"]), node("Neg", &["x"], &["h"])];
    assert_eq!(told(&[1, 3], nodes, Vec::new()), "opened");
}

#[test]
fn graphs_that_contradict_themselves_are_damaged() {
    let circle = vec![node("Add", &["x", "b"], &["y"]), node("Neg", &["y"], &["b"])];
    assert!(told(&[1, 3], circle, Vec::new()).contains("node `y` depends on its own output"));
    let twice = vec![node("Neg", &["x"], &["y"]), node("Abs", &["x"], &["y"])];
    assert!(told(&[1, 3], twice, Vec::new()).contains("two values have the name `y`"));
    let missing = vec![node("Add", &["x", "z"], &["y"])];
    assert!(told(&[1, 3], missing, Vec::new()).contains("node `y` reads `z`, which nothing makes"));
    assert!(told(&[1, 3], Vec::new(), Vec::new()).contains("its output `y` is made by no node"));
}

#[test]
fn values_beyond_the_limit_are_refused() {
    let huge = 1_i64 << 40;
    let too_large = |text: String| assert!(text.contains("more than"), "{text}");
    too_large(told(&[1, huge], vec![node("Neg", &["x"], &["y"])], Vec::new()));
    let filled = vec![node("ConstantOfShape", &["s"], &["c"]), node("Add", &["x", "c"], &["y"])];
    too_large(told(&[1, 3], filled, vec![integers("s", &[huge])]));
    let expanded = vec![node("Expand", &["x", "s"], &["y"])];
    too_large(told(&[1, 3], expanded, vec![integers("s", &[huge, 1, 3])]));
    let tiled = vec![node("Tile", &["x", "s"], &["y"])];
    too_large(told(&[1, 3], tiled, vec![integers("s", &[1, huge])]));
    let padded = vec![node("Pad", &["x", "s"], &["y"])];
    too_large(told(&[1, 3], padded, vec![integers("s", &[0, 0, 0, huge])]));
    let pooled = proto::NodeProto {
        attributes: vec![
            ints("kernel_shape", &[1 << 23, 1 << 23]),
            ints("pads", &[1 << 23, 1 << 23, 1 << 23, 1 << 23]),
            ints("strides", &[1 << 24, 1 << 24]),
        ],
        ..node("MaxPool", &["x"], &["y"])
    };
    too_large(told(&[1, 1, 4, 4], vec![pooled], Vec::new()));
}

#[test]
fn unknown_attributes_are_refused() {
    let unknown =
        proto::NodeProto { attributes: vec![ints("newer", &[1])], ..node("Relu", &["x"], &["y"]) };
    let text = told(&[1, 3], vec![unknown], Vec::new());
    assert_eq!(text, "node `y` (Relu on [n, 3]): its attribute `newer` is not supported");
}

#[test]
fn a_constant_joined_to_one_point_is_joined_to_every_point() {
    let axis = proto::AttributeProto { name: "axis".into(), int: Some(1), ..Default::default() };
    let joined = proto::NodeProto { attributes: vec![axis], ..node("Concat", &["x", "c"], &["y"]) };
    assert_eq!(told(&[1, 3], vec![joined], vec![zeros("c", &[1, 2])]), "opened");
}

#[test]
fn a_constant_for_each_of_several_points_is_refused() {
    let added = vec![node("Add", &["x", "c"], &["y"])];
    let text = told(&[2, 3], added, vec![zeros("c", &[2, 3])]);
    let expected = "it can be run with 2 point(s) in its input `x`, but not with 3: node `y` (Add on \
                    [n, 3]): shapes [3, 3] and [2, 3] do not fit together; export the model with";
    assert!(text.starts_with(expected), "{text}");
}
