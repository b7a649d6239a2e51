//! Constants that a forward creates, and constants that it captures from outside.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Bool, Distribution, Int, Tensor, TensorData, activation};
use tropex::{Error, capture};

use super::refusals::assert_says;
use crate::common::{device, difference, of_modules, tensor, values};

#[derive(Module, Debug)]
struct Two {
    inner: Linear,
    outer: Linear,
}

impl Two {
    fn new() -> Self {
        Self {
            inner: LinearConfig::new(12, 5).init(&device()),
            outer: LinearConfig::new(5, 3).init(&device()),
        }
    }

    fn end(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.outer.forward(activation::relu(hidden))
    }
}

type Forward = fn(&Two, Tensor<2>) -> Tensor<2>;
type Closure = Box<dyn Fn(&Two, Tensor<2>) -> Tensor<2>>;
type OfNumbers = fn(Tensor<1>) -> Tensor<1>;

fn counted(x: &Tensor<2>) -> Tensor<1> {
    Tensor::<1, Int>::arange(1..13, &x.device()).float()
}

/// Asserts that the network computes what Burn computes.
#[track_caller]
fn captured(name: &str, forward: Forward) {
    let two = Two::new();
    let network = capture(&two, [12], forward).unwrap_or_else(|error| panic!("{name}: {error}"));
    let points: Vec<f32> = (0..84).map(|n| (n as f32 * 0.618_034).fract() * 4.0 - 2.0).collect();
    let expected = values(forward(&two, tensor(&points, [7, 12], &device())));
    let found = network.logits(&points).expect("whole points");
    assert!(difference(&found, &expected) < of_modules(1e-4), "{name}: {found:?} {expected:?}");
}

#[test]
fn constants_made_of_parameters() {
    captured("weight norm", |two, x| {
        let w = two.inner.weight.val();
        let w = w.clone() / w.powf_scalar(2.0).sum().sqrt().reshape([1, 1]);
        two.end(x.matmul(w))
    });
    captured("weight standardisation", |two, x| {
        let w = two.inner.weight.val();
        let (variance, mean) = w.clone().var_mean(0);
        two.end(x.matmul((w - mean) / (variance + 1e-5).sqrt()))
    });
    captured("a softmax of weights", |two, x| {
        two.end(x.matmul(activation::softmax(two.inner.weight.val(), 0)))
    });
    captured("the largest weights", |two, x| {
        let w = two.inner.weight.val();
        let largest = w.clone().abs().max();
        let keep = w.clone().abs().greater_equal(largest.reshape([1, 1]).expand([12, 5]) * 0.5);
        two.end(x.matmul(w.zeros_like().mask_where(keep, w)))
    });
    captured("sorted weights", |two, x| two.end(x.matmul(two.inner.weight.val().sort(0))));
    captured("a product of weights", |two, x| {
        let w = two.inner.weight.val();
        two.end(x.matmul(w.clone().matmul(w.clone().transpose()).matmul(w)))
    });
}

#[test]
fn constants_made_of_numbers() {
    let functions: [(&str, OfNumbers); 24] = [
        ("log, cos, exp", |c| c.log().cos().exp()),
        ("sin", Tensor::sin),
        ("tan", |c| (c * 0.1).tan()),
        ("hyperbolic", |c| (c.clone() * 0.1).sinh() + (c * 0.1).cosh()),
        ("inverse", |c| (c.clone() * 0.05).asin() + (c.clone() * 0.05).acos() + c.atan()),
        ("two arguments", |c| c.clone().atan2(c.clone() + 1.0) + c.clone().hypot(c)),
        ("erf", |c| (c * 0.1).erf()),
        ("log1p", Tensor::log1p),
        ("root", Tensor::sqrt),
        ("square", |c| c.square()),
        ("power", |c| (c.clone() * 0.1).powf(c * 0.1)),
        ("whole power", |c| (c * 0.5).powi_scalar(3)),
        ("sign", |c| (c - 6.5).sign()),
        ("rounded", |c| (c.clone() * 0.3).round() + (c.clone() * 0.3).floor() + (c * 0.3).ceil()),
        ("remainder", |c| c.remainder_scalar(5.0)),
        ("running", |c| c.clone().cumsum(0) + (c * 0.3).cumprod(0)),
        ("mean", |c| c.clone() - c.mean()),
        ("extremes", |c| c.clone() / c.clone().max() + c.min()),
        ("sorted", |c| c.sort_descending(0)),
        ("the first places", |c| {
            let (top, places) = c.clone().topk_with_indices(12, 0);
            top + places.float() + c
        }),
        ("argmax", |c| c.clone() + c.argmax(0).float()),
        ("whole numbers", |c| (c.int().powi_scalar(2) / 3).float() * 0.1),
        ("bits", |c| c.int().bitwise_and_scalar(5).bitwise_xor_scalar(3).float()),
        ("gelu and its kind", |c| {
            let c = c * 0.3 - 2.0;
            activation::gelu(c.clone())
                + activation::log_sigmoid(c.clone())
                + activation::elu(c, 1.0)
        }),
    ];
    for (name, function) in functions {
        let two = Two::new();
        let forward = |two: &Two, x: Tensor<2>| {
            let constant = function(counted(&x)).reshape([1, 12]);
            two.end(two.inner.forward(x + constant))
        };
        let network = capture(&two, [12], forward).unwrap_or_else(|e| panic!("{name}: {e}"));
        let points: Vec<f32> = (0..84).map(|n| (n as f32 * 0.618_034).fract() - 0.5).collect();
        let expected = values(forward(&two, tensor(&points, [7, 12], &device())));
        let found = network.logits(&points).expect("whole points");
        let largest = crate::common::largest(&expected).max(1.0);
        let apart = difference(&found, &expected) / largest;
        assert!(apart < of_modules(1e-5), "{name}: {apart}");
    }
}

#[test]
fn constants_of_truth_values_and_places() {
    captured("a mask made of comparisons", |two, x| {
        let c = counted(&x);
        let mask: Tensor<1, Bool> = c.clone().lower_elem(9).bool_and(c.greater_elem(2)).bool_not();
        two.end(two.inner.forward(x.clone() * mask.float().reshape([1, 12])))
    });
    captured("places that are not zero", |two, x| {
        let places = Tensor::<1, Int>::arange(0..12, &x.device());
        let places = places.clone().mask_fill(places.remainder_scalar(2).equal_elem(0), 3);
        two.end(two.inner.forward(x.select(1, places)))
    });
    captured("a constant repeated for every point", |two, x| {
        let points = x.dims()[0];
        let c = counted(&x).reshape([1, 12]).repeat_dim(0, points);
        two.end(two.inner.forward(x * c.sin()))
    });
}

#[test]
fn a_constant_that_cannot_be_computed_is_one_cause() {
    let two = Two::new();
    let forward = |two: &Two, x: Tensor<2>| {
        let noise = Tensor::<2>::random([12, 5], Distribution::Default, &x.device());
        let weight = (noise.clone() / noise.sum().reshape([1, 1])).exp();
        let hidden = x.clone().matmul(weight.clone()) + two.inner.forward(x);
        let gate = hidden.clone().mask_fill(hidden.clone().lower_elem(0), 0);
        two.outer.forward(gate * weight.narrow(0, 0, 1))
    };
    let error = capture(&two, [12], forward).expect_err("it depends on chance");
    let Error::Unsupported(found) = &error else { panic!("{error}") };
    assert_eq!(found.len(), 1, "{error}");
    assert_eq!(found[0].operation, "Random");
    assert_says(&error, &["random numbers", "depends on chance", "before the forward"]);
}

/// Operations after a refused constant are checked too.
#[test]
fn operations_after_a_refused_constant_are_still_named() {
    let two = Two::new();
    let forward = |two: &Two, x: Tensor<2>| {
        let noise = Tensor::<2>::random([12, 5], Distribution::Default, &x.device());
        two.outer.forward(activation::gelu(x.matmul(noise)))
    };
    let error = capture(&two, [12], forward).expect_err("it depends on chance");
    let Error::Unsupported(found) = &error else { panic!("{error}") };
    let names: Vec<_> = found.iter().map(|found| found.operation.as_str()).collect();
    assert_eq!(names, ["Random", "Gelu"]);
}

#[test]
fn constants_on_other_devices_are_refused_with_advice() {
    let two = Two::new();
    let outside = Tensor::<2>::full([1, 12], 0.1307, &device());
    let matrix = Tensor::<2>::full([12, 12], 0.1307, &device());
    let places = Tensor::<1, Int>::from_data(TensorData::from([1, 0, 2]), &device());
    let forwards: [(&str, Closure); 4] = [
        ("a sum", {
            let outside = outside.clone();
            Box::new(move |two: &Two, x| two.end(two.inner.forward((x - outside.clone()) / 0.3081)))
        }),
        ("a product", Box::new(move |two, x| two.end(two.inner.forward(x.matmul(matrix.clone()))))),
        ("side by side", {
            let outside = outside.clone();
            Box::new(move |two: &Two, x: Tensor<2>| {
                let outside = outside.clone().expand(x.dims());
                let both = Tensor::cat(vec![x, outside], 1).narrow(1, 6, 12);
                two.end(two.inner.forward(both))
            })
        }),
        (
            "places",
            Box::new(move |two, x| two.outer.forward(x.select(1, places.clone()).repeat_dim(1, 5))),
        ),
    ];
    for (name, forward) in forwards {
        let error = capture(&two, [12], forward).expect_err(name).to_string();
        for words in ["another device", "x.device()", "to_device(&x.device())"] {
            assert!(error.contains(words), "{name}: {error}");
        }
        assert!(!error.contains("check the input shape"), "{name}: {error}");
    }
    // Both corrections that the error advises work.
    captured("made there", |two, x| {
        let mean = Tensor::<2>::full([1, 12], 0.1307, &x.device());
        two.end(two.inner.forward((x - mean) / 0.3081))
    });
    let forward = |two: &Two, x: Tensor<2>| {
        let mean = outside.clone().to_device(&x.device());
        two.end(two.inner.forward((x - mean) / 0.3081))
    };
    capture(&two, [12], forward).expect("a constant");
}
