//! Every activation of Burn (`burn::tensor::activation`, and the layers of `burn::nn` that are none
//! of these functions): the capture equals the module, or the refusal gives a true reason.

use burn::module::Module;
use burn::nn::activation::RReluConfig;
use burn::nn::{HardShrinkConfig, ShrinkConfig, SoftShrinkConfig, SwiGlu, SwiGluConfig};
use burn::tensor::{Tensor, activation};
use tropex::{Classes, Error, Extractor, Gauge, SelfCheck, capture};

use super::refusals::{Model, assert_says, refused};
use crate::common::{device, difference, of_modules, tensor, values};

type Function = fn(Tensor<2>) -> Tensor<2>;
/// An activation as a function of one number.
type Plain = fn(f64) -> f64;

const CAPTURED: [(&str, Function, Plain); 23] = [
    ("identity", |x| x, |x| x),
    ("relu", activation::relu, |x| x.max(0.0)),
    ("relu6", activation::relu6, |x| x.clamp(0.0, 6.0)),
    ("hardtanh", |x| activation::hardtanh(x, -0.5, 1.0), |x| x.clamp(-0.5, 1.0)),
    ("leaky relu", |x| activation::leaky_relu(x, 0.25), |x| x.max(0.25 * x)),
    ("leaky relu, steep", |x| activation::leaky_relu(x, 2.0), |x| x.min(2.0 * x)),
    ("leaky relu, negative", |x| activation::leaky_relu(x, -0.5), |x| x.max(-0.5 * x)),
    (
        "prelu",
        |x| {
            let slopes = Tensor::from_data([0.25, 2.0, -0.5, 0.25, 2.0, -0.5], &x.device());
            activation::prelu(x, slopes)
        },
        f64::abs, // see below
    ),
    (
        "rrelu",
        |x| RReluConfig::new().with_lower(0.25).with_upper(0.75).init().forward(x),
        |x| x.max(0.5 * x),
    ),
    (
        "hard sigmoid",
        |x| activation::hard_sigmoid(x, 0.25, 0.5),
        |x| (0.25 * x + 0.5).clamp(0.0, 1.0),
    ),
    ("thresholded relu at 0", |x| activation::thresholded_relu(x, 0.0), |x| x.max(0.0)),
    ("threshold at its value", |x| activation::threshold(x, 0.25, 0.25), |x| x.max(0.25)),
    ("soft shrink", |x| activation::soft_shrink(x, 0.5), |x| shrunk(x, 0.5)),
    ("soft shrink, 0.1", |x| activation::soft_shrink(x, 0.1), |x| shrunk(x, 0.1)),
    ("soft shrink by nothing", |x| activation::soft_shrink(x, 0.0), |x| x),
    (
        "soft shrink, layer",
        |x| SoftShrinkConfig::new().with_lambda(0.75).init().forward(x),
        |x| shrunk(x, 0.75),
    ),
    ("shrink by its bias", |x| activation::shrink(x, 0.25, 0.25), |x| shrunk(x, 0.25)),
    ("shrink, layer", |x| ShrinkConfig::new().init().forward(x), |x| shrunk(x, 0.5)),
    ("hard shrink by nothing", |x| activation::hard_shrink(x, 0.0), |x| x),
    (
        "soft shrink of relu",
        |x| activation::soft_shrink(activation::relu(x), 0.5),
        |x| (x - 0.5).max(0.0),
    ),
    (
        "relu of soft shrink",
        |x| activation::relu(activation::soft_shrink(x, 0.5)),
        |x| (x - 0.5).max(0.0),
    ),
    (
        "soft shrink of soft shrink",
        |x| activation::soft_shrink(activation::soft_shrink(x * -2.0 + 0.125, 0.5), 0.25),
        |x| shrunk(-2.0 * x + 0.125, 0.75),
    ),
    ("shrink by a negative bias", |x| activation::shrink(x, 0.0, 0.0) * 2.0, |x| 2.0 * x),
];

fn shrunk(x: f64, by: f64) -> f64 {
    (x.abs() - by).max(0.0) * x.signum()
}

#[test]
fn piecewise_linear_activations_are_captured() {
    let model = Model::new();
    let points: Vec<f32> =
        (0..160).map(|index| (index as f32 * 0.618).fract() * 8.0 - 4.0).collect();
    for (name, function, plain) in CAPTURED {
        let forward = |model: &Model, points| model.around(points, function);
        let network = capture(&model, [4], forward).unwrap_or_else(|e| panic!("{name}: {e}"));
        let input = tensor(&points, [40, 4], &device());
        let expected = values(forward(&model, input.clone()));
        let found = network.logits(&points).expect("whole points");
        assert!(difference(&found, &expected) < of_modules(1e-5), "{name}");
        if name != "prelu" {
            // The activation of one number after the other, in f64, between the layers of Burn.
            let by_number = |hidden: Tensor<2>| {
                let numbers: Vec<f32> =
                    values(hidden.clone()).into_iter().map(|x| plain(x) as f32).collect();
                tensor(&numbers, hidden.dims(), &device())
            };
            let expected = values(model.around(input, by_number));
            assert!(difference(&found, &expected) < of_modules(1e-5), "{name}, number by number");
        }
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All);
        let terms = extractor.and_then(|extractor| extractor.extract(&points)).expect(name);
        let failures = SelfCheck::of(&terms, &points).failures(terms.precision());
        assert_eq!(failures, Vec::<String>::new(), "{name}");
    }
}

const CURVED: &str = "not piecewise linear; use ReLU";
const PRODUCT: &str = "a product of two values that depend on the input";

/// The operations that the error must list, in full, each with its reason.
type Refused = (&'static str, Function, &'static [(&'static str, &'static str)]);

const REFUSED: [Refused; 25] = [
    ("gelu", activation::gelu, &[("Gelu", CURVED)]),
    (
        "gelu, approximate",
        activation::gelu_approximate,
        &[("PowiScalar", CURVED), ("Tanh", CURVED), ("Mul", PRODUCT)],
    ),
    ("sigmoid", activation::sigmoid, &[("Sigmoid", CURVED)]),
    ("log sigmoid", activation::log_sigmoid, &[("LogSigmoid", CURVED)]),
    ("silu", activation::silu, &[("Sigmoid", CURVED), ("Mul", PRODUCT)]),
    ("hard swish", activation::hard_swish, &[("Mul", PRODUCT)]),
    (
        "mish",
        activation::mish,
        &[("Exp", CURVED), ("Log1p", CURVED), ("Tanh", CURVED), ("Mul", PRODUCT)],
    ),
    ("tanh", activation::tanh, &[("Tanh", CURVED)]),
    ("tanhshrink", activation::tanhshrink, &[("Tanh", CURVED)]),
    ("elu", |x| activation::elu(x, 1.0), &[("Exp", CURVED)]),
    ("celu", |x| activation::celu(x, 2.0), &[("Exp", CURVED)]),
    ("selu", activation::selu, &[("Exp", CURVED)]),
    ("softplus", |x| activation::softplus(x, 1.0), &[("Exp", CURVED), ("Log1p", CURVED)]),
    (
        "softplus with a threshold",
        |x| activation::softplus_with_threshold(x, 2.0, 3.0),
        &[("Exp", CURVED), ("Log1p", CURVED)],
    ),
    ("softsign", activation::softsign, &[("Div", CURVED)]),
    ("softmax", |x| activation::softmax(x, 1), &[("Softmax", "softmax is not piecewise linear")]),
    (
        "log-softmax",
        |x| activation::log_softmax(x, 1),
        &[("LogSoftmax", "log-softmax is not piecewise linear")],
    ),
    ("softmin", |x| activation::softmin(x, 1), &[("Softmin", CURVED)]),
    (
        "quiet softmax",
        |x| activation::quiet_softmax(x, 1),
        &[("EqualElem", "truth values"), ("Exp", CURVED), ("Exp", CURVED), ("Div", CURVED)],
    ),
    ("glu", |x| activation::glu(x.repeat_dim(1, 2), 1), &[("Sigmoid", CURVED), ("Mul", PRODUCT)]),
    ("thresholded relu", |x| activation::thresholded_relu(x, 0.5), &[("MaskFill", "it jumps")]),
    ("threshold", |x| activation::threshold(x, 0.5, 0.25), &[("MaskFill", "it jumps")]),
    ("hard shrink", |x| activation::hard_shrink(x, 0.5), &[("MaskFill", "it jumps")]),
    (
        "hard shrink, layer",
        |x| HardShrinkConfig::new().init().forward(x),
        &[("MaskFill", "it jumps")],
    ),
    ("shrink by another bias", |x| activation::shrink(x, 0.5, 0.25), &[("MaskFill", "it jumps")]),
];

#[test]
fn other_activations_are_refused_with_true_reasons() {
    for (name, function, expected) in REFUSED {
        let error = refused(|_, hidden| function(hidden));
        let Error::Unsupported(found) = &error else { panic!("{name}: {error}") };
        let found: Vec<_> =
            found.iter().map(|found| (found.operation.as_str(), found.reason.as_str())).collect();
        let matches = found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|(found, expected)| found.0 == expected.0 && found.1.contains(expected.1));
        assert!(matches, "{name}: {found:?}");
    }
}

#[derive(Module, Debug)]
struct Gated {
    gate: SwiGlu,
}

#[test]
fn swiglu_is_refused() {
    let model = Gated { gate: SwiGluConfig::new(4, 3).init(&device()) };
    let error = capture(&model, [4], |model: &Gated, x: Tensor<2>| model.gate.forward(x))
        .expect_err("curved");
    assert_says(&error, &["`Sigmoid`", "`Mul`", PRODUCT]);
}
