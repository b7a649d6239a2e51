//! Modules that can be captured: names, joined layers, constants, shapes.

use burn::module::{Module, ModuleMapper, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, FloatDType, Tensor};
use tropex::{Network, Precision, capture};

use crate::common::{device, difference, of_modules, tensor, values};

/// Numbers in [-0.5, 0.5) that look random.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|index| (index as f32 * 0.618_034).fract() - 0.5).collect()
}

/// Asserts that a network computes what a module computes, for several numbers of points.
fn assert_same<const D: usize>(
    network: &Network,
    forward: impl Fn(Tensor<D>) -> Tensor<2>,
    device: &Device,
) {
    for points in [1, 2, 11] {
        let mut shape = [points; D];
        shape[1..].copy_from_slice(network.input_shape());
        let input = numbers(shape.iter().product());
        let expected = values(forward(tensor(&input, shape, device)));
        let flat = tensor(&input, [points, network.features()], network.target().device());
        let error = difference(&values(network.replay(flat).logits()), &expected);
        assert!(error < of_modules(64.0 * Precision::F32.epsilon()), "{points} points: {error:e}");
    }
}

/// A linear layer applied at every position.
#[derive(Module, Debug)]
struct Positions {
    inner: Linear,
    outer: Linear,
}

impl Positions {
    fn new(width: usize, positions: usize, hidden: usize) -> Self {
        Self {
            inner: LinearConfig::new(width, hidden).init(&device()),
            outer: LinearConfig::new(hidden * positions, 2).init(&device()),
        }
    }

    fn forward(&self, points: Tensor<3>) -> Tensor<2> {
        self.outer.forward(self.inner.forward(points).flatten(1, 2))
    }
}

#[test]
fn linear_layers_are_captured_for_any_merged_axes() {
    // Burn merges points and positions if the product becomes more square, so the result depends on
    // the extents and on the number of points.
    for (positions, hidden) in (1..8).flat_map(|p| (1..16).map(move |hidden| (p, hidden))) {
        let module = Positions::new(3, positions, hidden);
        let network = capture(&module, [positions, 3], Positions::forward)
            .unwrap_or_else(|error| panic!("{positions} positions, {hidden} hidden: {error}"));
        assert_same(&network, |points| module.forward(points), &device());
    }
}

/// A block whose convolution is read by its norm alone, and one whose convolution is read twice.
#[derive(Module, Debug)]
struct Blocks {
    blocks: Vec<Block>,
    head: Linear,
}

#[derive(Module, Debug)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Block {
    fn new(device: &Device) -> Self {
        let conv = Conv2dConfig::new([2, 2], [3, 3]).with_padding(PaddingConfig2d::Same);
        Self { conv: conv.init(device), norm: uneven(BatchNormConfig::new(2).init(device), device) }
    }
}

/// Statistics and scales that differ from channel to channel, one scale negative.
fn uneven(norm: BatchNorm, device: &Device) -> BatchNorm {
    let vector = |values: [f32; 2]| Tensor::<1>::from_floats(values, device);
    BatchNorm {
        gamma: Param::from_tensor(vector([-1.5, 0.5])),
        running_mean: RunningState::new(vector([0.3, -0.2])),
        running_var: RunningState::new(vector([0.5, 2.0])),
        ..norm
    }
}

impl Blocks {
    fn new(device: &Device) -> Self {
        Self {
            blocks: vec![Block::new(device), Block::new(device)],
            head: LinearConfig::new(2 * 4 * 5, 3).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let [first, second] = [&self.blocks[0], &self.blocks[1]];
        let images = relu(first.norm.forward(first.conv.forward(images)));
        let conv = second.conv.forward(images);
        let images = relu(second.norm.forward(conv.clone()) + conv);
        self.head.forward(images.flatten(1, 3))
    }
}

#[test]
fn layers_with_one_reader_are_joined_and_have_their_paths() {
    let module = Blocks::new(&device());
    let network = capture(&module, [2, 4, 5], Blocks::forward).expect("a supported module");
    let nodes: Vec<_> =
        network.nodes().iter().map(|node| (node.op().name(), node.layer())).collect();
    let expected = [
        ("conv2d", Some("blocks.0.conv + blocks.0.norm")),
        ("relu", None),
        ("conv2d", Some("blocks.1.conv")),
        ("scale", Some("blocks.1.norm")),
        ("add", None),
        ("relu", None),
        ("linear", Some("head")),
    ];
    assert_eq!(nodes, expected);
    assert_same(&network, |images| module.forward(images), &device());
    let listing = network.to_string();
    assert!(listing.contains("blocks.0.conv + blocks.0.norm -> 2x4x5"), "{listing}");
}

#[test]
fn modules_work_after_a_capture() {
    for device in [device(), device().autodiff()] {
        let module = Blocks::new(&device);
        let images = || tensor(&numbers(3 * 40), [3, 2, 4, 5], &device);
        // The module is frozen, so its norms use their statistics on autodiff devices too.
        let before = values(module.clone().freeze().forward(images()));
        let network = capture(&module, [2, 4, 5], Blocks::forward).expect("a supported module");
        let after = values(module.clone().freeze().forward(images()));
        assert_eq!(before, after);
        let frozen = module.freeze();
        assert_same(&network, |images| frozen.forward(images), &device);
    }
}

/// A norm over the pieces of all points, one piece a row.
#[derive(Module, Debug)]
struct Pieces {
    norm: BatchNorm,
    head: Linear,
}

impl Pieces {
    fn forward(&self, points: Tensor<3>) -> Tensor<2> {
        let [count, pieces, width] = points.dims();
        let normed = self.norm.forward(points.reshape([count * pieces, width]));
        self.head.forward(relu(normed).reshape([count, pieces * width]))
    }
}

#[test]
fn norms_of_pieces_are_captured() {
    // Once with as many pieces as channels, once with more.
    for pieces in [2, 3] {
        let norm = uneven(BatchNormConfig::new(2).init(&device()), &device());
        let head = LinearConfig::new(pieces * 2, 2).init(&device());
        let module = Pieces { norm, head };
        let network = capture(&module, [pieces, 2], Pieces::forward)
            .unwrap_or_else(|error| panic!("{pieces} pieces: {error}"));
        assert_same(&network, |points| module.forward(points), &device());
    }
}

struct Widen;

impl ModuleMapper for Widen {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(FloatDType::F64))
    }
}

#[test]
fn modules_in_f64_are_captured_in_f64() {
    let module = Blocks::new(&device()).valid().map(&mut Widen);
    let network = capture(&module, [2, 4, 5], Blocks::forward).expect("a supported module");
    assert_eq!(network.target().precision(), Precision::F64);
    let images = tensor::<4>(&numbers(120), [3, 2, 4, 5], &device()).cast(FloatDType::F64);
    let expected = values(module.forward(images.clone()));
    let found = values(network.replay(images.reshape([3, 40])).logits());
    assert!(difference(&found, &expected) < 64.0 * Precision::F64.epsilon());
}

/// Constants that the module computes in its forward.
#[derive(Module, Debug)]
struct Constants {
    weight: Param<Tensor<2>>,
    head: Linear,
}

impl Constants {
    fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let weight = self.weight.val();
        let device = points.device();
        let shifted = points + (weight.clone() * 2.0).exp().sum_dim(0);
        let scaled = shifted * (Tensor::ones([1, 4], &device) - weight.mean_dim(0)).abs();
        self.head.forward(relu((scaled - 0.5) / 4.0) * -2.0)
    }
}

#[test]
fn constants_are_computed_once() {
    let module = Constants {
        weight: Param::from_tensor(tensor(&numbers(12), [3, 4], &device())),
        head: LinearConfig::new(4, 2).init(&device()),
    };
    let network = capture(&module, [4], Constants::forward).expect("a supported module");
    let names: Vec<_> = network.nodes().iter().map(|node| node.op().name()).collect();
    let arithmetic = names.iter().filter(|name| ["scale", "offset"].contains(name)).count();
    assert_eq!(names.len(), arithmetic + 2, "{names:?}");
    assert_same(&network, |points| module.forward(points), &device());
}

/// A pooling with more padding on one side than on the other.
#[derive(Module, Debug)]
struct Pooled {
    pool: MaxPool2d,
    head: Linear,
}

impl Pooled {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        // All values are below zero: the maximum must not be the padding.
        self.head.forward(self.pool.forward(images - 3.0).flatten(1, 3))
    }
}

#[test]
fn max_pooling_may_be_padded_on_one_side() {
    let padding = PaddingConfig2d::Explicit(0, 1, 1, 0);
    let pool = MaxPool2dConfig::new([2, 2]).with_strides([1, 2]).with_padding(padding);
    let module =
        Pooled { pool: pool.init(), head: LinearConfig::new(2 * 4 * 3, 2).init(&device()) };
    let network = capture(&module, [2, 4, 5], Pooled::forward).expect("a supported module");
    let pool = &network.nodes()[1];
    assert_eq!((pool.op().name(), pool.shape()), ("max pool", [2, 4, 3].as_slice()));
    assert_same(&network, |images| module.forward(images), &device());
}

/// An average pooling with more padding on one side than on the other.
#[derive(Module, Debug)]
struct Averaged {
    pool: AvgPool2d,
    head: Linear,
}

impl Averaged {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.head.forward(relu(self.pool.forward(images)).flatten(1, 3))
    }
}

#[test]
fn average_pooling_may_be_padded_on_one_side() {
    for count_padding in [true, false] {
        let pool = AvgPool2dConfig::new([2, 3])
            .with_strides([1, 2])
            .with_padding(PaddingConfig2d::Explicit(0, 2, 1, 0))
            .with_count_include_pad(count_padding);
        let module =
            Averaged { pool: pool.init(), head: LinearConfig::new(2 * 4 * 3, 2).init(&device()) };
        let network = capture(&module, [2, 4, 5], Averaged::forward).expect("a supported module");
        let names: Vec<_> = network.nodes().iter().map(|node| node.op().name()).collect();
        assert_eq!(names[..2], ["pad", "average pool"]);
        assert_same(&network, |images| module.forward(images), &device());
    }
}

/// A network with a pooling of some dilation. Two of them differ in the dilation only.
fn dilated(dilation: usize) -> Network {
    let pool = MaxPool2dConfig::new([2, 2]).with_strides([3, 3]).with_dilation([dilation; 2]);
    // Both networks have equal weights, bit by bit.
    let head =
        Linear { weight: Param::from_tensor(tensor(&numbers(8), [4, 2], &device())), bias: None };
    let module = Pooled { pool: pool.init(), head };
    capture(&module, [1, 6, 6], Pooled::forward).expect("a supported module")
}

#[test]
fn fingerprints_depend_on_windows() {
    assert_eq!(dilated(1).fingerprint(), dilated(1).fingerprint());
    assert_ne!(dilated(1).fingerprint(), dilated(2).fingerprint());
    assert!(dilated(2).to_string().contains("dilation 2x2"), "{}", dilated(2));
}
