//! Modules that treat every piece of a point alike, such as frames of a clip or words of a
//! sentence.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, relu};
use tropex::{Classes, Extractor, Gauge, Network, SelfCheck, capture};

use crate::common::{device, difference, of_modules, tensor, values};

/// Five frames `[2, 6, 6]` through one convolutional network, then a linear layer on all frames.
#[derive(Module, Debug)]
struct Clip {
    conv: Conv2d,
    norm: BatchNorm,
    pool: MaxPool2d,
    mean: AvgPool2d,
    frame: Linear,
    output: Linear,
}

const FRAMES: usize = 5;

impl Clip {
    fn new() -> Self {
        let device = device();
        Self {
            conv: Conv2dConfig::new([2, 3], [3, 3]).init(&device),
            norm: BatchNormConfig::new(3).init(&device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([1, 1]).init(),
            mean: AvgPool2dConfig::new([2, 2]).with_strides([1, 1]).init(),
            frame: LinearConfig::new(12, 4).init(&device),
            output: LinearConfig::new(4 * FRAMES, 3).init(&device),
        }
    }

    fn forward(&self, clips: Tensor<5>) -> Tensor<2> {
        let [points, frames, channels, height, width] = clips.dims();
        let frames_apart = clips.reshape([points * frames, channels, height, width]);
        let planes = leaky_relu(self.norm.forward(self.conv.forward(frames_apart)), 0.1);
        let planes = self.mean.forward(self.pool.forward(planes));
        let frames_apart = relu(self.frame.forward(planes.flatten::<2>(1, 3)));
        self.output.forward(frames_apart.reshape([points, frames * 4]))
    }
}

/// The captured network on five frames.
pub(crate) fn captured_clip() -> Network {
    capture(&Clip::new(), [FRAMES, 2, 6, 6], Clip::forward).expect("a supported module")
}

#[test]
fn every_piece_goes_through_the_same_layers() {
    let model = Clip::new();
    let network = capture(&model, [FRAMES, 2, 6, 6], Clip::forward).expect("a supported module");
    let shape = [7, FRAMES, 2, 6, 6];
    let points: Vec<f32> =
        (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.618_034).fract() - 0.5).collect();
    let logits = values(model.forward(tensor(&points, shape, &device())));
    let found = network.logits(&points).expect("whole points");
    assert!(difference(&found, &logits) < of_modules(1e-5));

    let extractor =
        Extractor::new(&network, Gauge::WorstCase, Classes::All).expect("finite shifts");
    let terms = extractor.extract(&points).expect("whole points");
    let check = SelfCheck::of(&terms, &points);
    assert_eq!(check.failures(terms.precision()), Vec::<String>::new());
    // The gradient of every logit, by Burn's autodiff.
    let on = device().autodiff();
    let module = model.to_device(&on).freeze();
    for class in 0..3 {
        let clips = tensor(&points, shape, &on).require_grad();
        let gradients = module.forward(clips.clone()).narrow(1, class, 1).sum().backward();
        let gradient = values(clips.grad(&gradients).expect("logits depend on the clips"));
        for (point, expected) in gradient.chunks_exact(network.features()).enumerate() {
            assert!(difference(&terms.linear(point, class).0, expected) < of_modules(1e-5));
        }
    }
}

/// A layer on the second axis, with the points on the third axis.
#[test]
fn pieces_that_mix_points_are_refused() {
    let clip = Clip::new();
    let forward = |clip: &Clip, points: Tensor<3>| {
        let turned = points.swap_dims(0, 1).reshape([-1, 12]);
        clip.frame.forward(turned)
    };
    let error = capture(&clip, [4, 12], forward).expect_err("points are not apart");
    assert!(error.to_string().contains("mixes points"), "{error}");
}
