//! Structures of captured networks.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, relu};
use tropex::bounds::{BoundKind, Structure};
use tropex::capture;
use tropex::train::zoo::{Architecture, Classifier};

use super::{decimal, dense, found, reason, table};
use crate::common::{device, tensor};

fn linear(inputs: usize, outputs: usize) -> Linear {
    LinearConfig::new(inputs, outputs).init(&device())
}

fn layers(structure: &Structure) -> Vec<String> {
    structure.layers().iter().map(ToString::to_string).collect()
}

#[test]
fn architectures_have_the_layers_of_their_summaries() {
    let zoo = |name: &str, shape| {
        let architecture = Architecture::find(name).unwrap();
        let classifier = architecture.init(shape, 10, &device(), 0).unwrap();
        let network = capture(&classifier, classifier.input_shape(), Classifier::forward).unwrap();
        Structure::of(&network).unwrap()
    };
    let fcn4 = zoo("fcn4", [1, 28, 28]);
    assert_eq!(layers(&fcn4), ["dense 784", "dense 200", "dense 80"]);
    assert_eq!(fcn4.layers(), dense(784, &[784, 200, 80]).layers());
    let cnn = zoo("mnist-cnn", [1, 8, 8]);
    let expected =
        ["conv 32x8x8", "max of 4 512", "conv 64x4x4", "conv 64x4x4", "max of 4 256", "dense 64"];
    assert_eq!(layers(&cnn), expected);
    let bounds = table(&cnn);
    assert_eq!(reason(&bounds, "Xiong 2020, layers", BoundKind::Upper), "convolution with padding");
    let lower = reason(&bounds, "Serra 2018, Thm 6", BoundKind::Lower);
    assert_eq!(lower, "layer 1 (conv 32x8x8) is not dense with ReLU");
    let uppers = ["Serra 2018, Thm 1", "Montúfar 2017", "all patterns"];
    let uppers = uppers.map(|name| found(&bounds, name, BoundKind::Upper).count.clone());
    assert!(uppers.is_sorted(), "{uppers:?}");
}

#[derive(Module, Debug)]
struct Residual {
    first: Linear,
    second: Linear,
    output: Linear,
}

impl Residual {
    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let hidden = relu(self.first.forward(points));
        self.output.forward(relu(hidden.clone() + relu(self.second.forward(hidden))))
    }
}

#[test]
fn networks_with_branches_have_the_bounds_for_any_graph() {
    let module = Residual { first: linear(2, 3), second: linear(3, 3), output: linear(3, 2) };
    let network = capture(&module, [2], Residual::forward).unwrap();
    let bounds = table(&Structure::of(&network).unwrap());
    // Three layers of three lines each in the plane: Z(3, 2) = 7 a layer. There are nine units.
    assert_eq!(decimal(&bounds, "Montúfar 2017", BoundKind::Upper), "343");
    assert_eq!(decimal(&bounds, "all patterns", BoundKind::Upper), "512");
    assert_eq!(
        reason(&bounds, "Serra 2018, Thm 1", BoundKind::Upper),
        "node 5 (add) belongs to a branch"
    );
    assert_eq!(bounds.best_upper().unwrap().bound().name, "Montúfar 2017");
    assert!(bounds.best_lower().is_none());
}

#[derive(Module, Debug)]
struct Leaky {
    first: Linear,
    second: Linear,
    output: Linear,
}

impl Leaky {
    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let hidden = leaky_relu(self.first.forward(points), 0.1);
        self.output.forward(leaky_relu(self.second.forward(hidden), 0.1))
    }
}

#[test]
fn inactive_leaky_units_keep_their_dimension() {
    let module = Leaky { first: linear(2, 3), second: linear(3, 3), output: linear(3, 2) };
    let network = capture(&module, [2], Leaky::forward).unwrap();
    let bounds = table(&Structure::of(&network).unwrap());
    // If all units were ReLUs, the bound would be 40.
    assert_eq!(decimal(&bounds, "Serra 2018, Thm 1", BoundKind::Upper), "49");
    let lower = reason(&bounds, "Montúfar 2014, Thm 4", BoundKind::Lower);
    assert_eq!(lower, "layer 1 (dense 3 (leaky)) is not dense with ReLU");
}

/// A network whose hidden layer has weights of rank 1.
#[derive(Module, Debug)]
struct Flat {
    hidden: Linear,
    output: Linear,
}

impl Flat {
    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        self.output.forward(relu(self.hidden.forward(points)))
    }
}

#[test]
fn ranks_of_trained_weights_lower_the_trained_bound() {
    let mut module = Flat { hidden: linear(3, 4), output: linear(4, 2) };
    let weights = [1.0, 2.0, 3.0, 4.0, 2.0, 4.0, 6.0, 8.0, -1.0, -2.0, -3.0, -4.0];
    module.hidden.weight = Param::from_tensor(tensor(&weights, [3, 4], &device()));
    let network = capture(&module, [3], Flat::forward).unwrap();
    let bounds = table(&Structure::trained(&network).unwrap());
    // The four planes of the hidden layer are parallel.
    let trained = found(&bounds, "Serra 2018, Thm 1, ranks", BoundKind::TrainedUpper);
    assert_eq!((trained.count.decimal().as_str(), trained.ranks.clone()), ("5", Some(vec![1])));
    assert_eq!(decimal(&bounds, "Serra 2018, Thm 1", BoundKind::Upper), "15");
    assert_eq!(decimal(&bounds, "Zaslavsky 1975", BoundKind::Exact), "15");
    assert_eq!(bounds.best_upper().unwrap().count().decimal(), "15", "for all weights");
}

#[derive(Module, Debug)]
struct ImageNetwork {
    conv: Conv2d,
    average: AvgPool2d,
    second: Conv2d,
    pool: MaxPool2d,
    output: Linear,
}

impl ImageNetwork {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let values = self.average.forward(relu(self.conv.forward(images)));
        let values = self.pool.forward(self.second.forward(values));
        self.output.forward(values.flatten(1, 3))
    }
}

#[test]
fn consecutive_maps_are_composed_and_poolings_are_layers() {
    let module = ImageNetwork {
        conv: Conv2dConfig::new([1, 2], [3, 3]).init(&device()),
        average: AvgPool2dConfig::new([2, 2]).init(),
        second: Conv2dConfig::new([2, 3], [1, 1]).init(&device()),
        pool: MaxPool2dConfig::new([1, 2]).init(),
        output: linear(6, 2),
    };
    let network = capture(&module, [1, 6, 6], ImageNetwork::forward).unwrap();
    let structure = Structure::trained(&network).unwrap();
    assert_eq!(layers(&structure), ["conv 2x4x4", "average pool + conv 6 (max of 2)"]);
    // The average pooling leaves 8 of 32 dimensions.
    assert_eq!(structure.layers()[1].dimension, 8);
    let bounds = table(&structure);
    let trained = found(&bounds, "Serra 2018, Thm 1, ranks", BoundKind::TrainedUpper);
    // Layer 1: two kernels at 16 positions. Layer 2: a map of rank 2 at 4 positions.
    assert_eq!(trained.ranks, Some(vec![32, 8]));
}

#[derive(Module, Debug)]
struct Unpadded {
    first: Conv2d,
    second: Conv2d,
    output: Linear,
}

impl Unpadded {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let values = relu(self.second.forward(relu(self.first.forward(images))));
        self.output.forward(values.flatten(1, 3))
    }
}

#[test]
fn captured_convolutions_equal_constructed_ones() {
    let conv = |channels, kernel, stride| {
        Conv2dConfig::new(channels, kernel).with_stride(stride).init(&device())
    };
    let module = Unpadded {
        first: conv([2, 4], [3, 3], [1, 1]),
        second: conv([4, 3], [2, 1], [2, 1]),
        output: linear(24, 2),
    };
    let network = capture(&module, [2, 6, 6], Unpadded::forward).unwrap();
    let structure = Structure::of(&network).unwrap();
    let built = Structure::new(&[2, 6, 6]).unwrap();
    let built = built.conv(4, [3, 3], [1, 1], [0, 0]).unwrap();
    let built = built.conv(3, [2, 1], [2, 1], [0, 0]).unwrap();
    assert_eq!(structure.layers(), built.layers());
    let bounds = table(&structure);
    for kind in [BoundKind::Lower, BoundKind::Upper] {
        found(&bounds, "Xiong 2020, layers", kind);
    }
    assert!(bounds.best_lower().unwrap().count() <= bounds.best_upper().unwrap().count());
}
