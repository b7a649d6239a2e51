//! Operations at the end of a module, such as softmax.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Tensor, activation};
use tropex::extract::network::OutputActivation::{self, LogSoftmax, Scale, Softmax};
use tropex::{Network, capture};

use super::refusals::assert_says;
use crate::common::{device, difference, of_modules, tensor, values};

#[derive(Module, Debug)]
struct Model {
    hidden: Linear,
    output: Linear,
    temperature: Param<Tensor<1>>,
}

impl Model {
    fn new(classes: usize) -> Self {
        Self {
            hidden: LinearConfig::new(4, 5).init(&device()),
            output: LinearConfig::new(5, classes).init(&device()),
            temperature: Param::from_tensor(tensor(&[4.0], [1], &device())),
        }
    }

    fn logits(&self, points: Tensor<2>) -> Tensor<2> {
        self.output.forward(activation::relu(self.hidden.forward(points)))
    }

    /// The temperature in the shape of the logits.
    fn warmth(&self) -> Tensor<2> {
        self.temperature.val().reshape([1, 1])
    }

    fn ending_in(&self, f: impl Fn(&Self, Tensor<2>) -> Tensor<2>) -> Network {
        let forward = |model: &Self, points| f(model, model.logits(points));
        capture(self, [4], forward).expect("a supported module")
    }
}

#[test]
fn positive_temperatures_and_softmax_are_recorded_and_left_out() {
    type Ending = fn(&Model, Tensor<2>) -> Tensor<2>;
    let endings: [(Ending, &[OutputActivation]); 8] = [
        (|_, logits| logits, &[]),
        (|_, logits| logits / 4.0, &[Scale(0.25)]),
        (|_, logits| logits * 2.0, &[Scale(2.0)]),
        (|model, logits| logits / model.warmth(), &[Scale(0.25)]),
        (|_, logits| activation::softmax(logits, 1), &[Softmax]),
        (|_, logits| activation::softmax(logits / 4.0, 1), &[Scale(0.25), Softmax]),
        (
            |_, logits| activation::log_softmax(logits * 2.0 / 4.0, 1),
            &[Scale(2.0), Scale(0.25), LogSoftmax],
        ),
        (
            |model, logits| activation::log_softmax(logits / model.warmth(), 1),
            &[Scale(0.25), LogSoftmax],
        ),
    ];
    let model = Model::new(3);
    let points: Vec<f32> = (0..24).map(|index| (index as f32 * 0.618).fract()).collect();
    let expected = values(model.logits(tensor(&points, [6, 4], &device())));
    for (ending, dropped) in endings {
        let network = model.ending_in(ending);
        assert_eq!(network.output_activations(), dropped);
        let logits = network.logits(&points).expect("whole points");
        assert!(difference(&logits, &expected) < of_modules(1e-6), "{dropped:?}");
    }
}

#[test]
fn omitted_factors_can_be_put_back() {
    let model = Model::new(3);
    let points: Vec<f32> = (0..24).map(|index| (index as f32 * 0.618).fract()).collect();
    let scaled = model.logits(tensor(&points, [6, 4], &device())) * 0.5;
    let network = model.ending_in(|_, logits| activation::log_softmax(logits * 2.0 / 4.0, 1));
    let network = network.with_output_scales();
    assert_eq!(network.output_activations(), [LogSoftmax]);
    let logits = network.logits(&points).expect("whole points");
    assert!(difference(&logits, &values(scaled)) < of_modules(1e-6));
    let plain = model.ending_in(|_, logits| logits);
    assert_eq!(plain.with_output_scales().fingerprint(), plain.fingerprint());
}

#[test]
fn operations_that_change_the_largest_class_stay() {
    type Ending = fn(&Model, Tensor<2>) -> Tensor<2>;
    let endings: [Ending; 4] = [
        |_, logits| logits * -2.0,
        |_, logits| logits * 2.0 + 1.0,
        |_, logits| logits.clone() * Tensor::from_data([[1.0, 2.0, 1.0]], &logits.device()),
        |_, logits| activation::relu(logits),
    ];
    for ending in endings {
        assert_eq!(Model::new(3).ending_in(ending).output_activations(), []);
    }
    // A single output is a value, not a choice of classes: its factor stays.
    assert_eq!(Model::new(1).ending_in(|_, logits| logits * 2.0).output_activations(), []);
}

#[test]
fn omitted_operations_are_drawn() {
    let network = Model::new(3).ending_in(|_, logits| activation::softmax(logits / 4.0, 1));
    assert!(network.dot().contains("times 0.25, softmax, left out"), "{}", network.dot());
}

#[test]
fn a_softmax_before_a_temperature_is_refused() {
    let forward = |model: &Model, points| activation::softmax(model.logits(points), 1) * 2.0;
    let error = capture(&Model::new(3), [4], forward).expect_err("softmax inside");
    assert_says(&error, &["`Softmax`", "at the very end"]);
}
