//! Choices by comparison: some are maxima or minima, others jump.

use burn::tensor::{Tensor, activation};
use tropex::{Classes, Extractor, Gauge, SelfCheck};

use super::refusals::{Model, assert_says, refused};
use crate::common::{device, difference, of_modules, tensor, values};

type Function = fn(Tensor<2>) -> Tensor<2>;

/// Functions written with masks, and equal functions written as maxima or minima.
const DISGUISED: [(&str, Function, Function); 18] = [
    ("product with a step", |x| x.clone() * x.greater_elem(0).float(), activation::relu),
    (
        "product with the negation of a step",
        |x| x.clone() * x.lower_elem(0).bool_not().float(),
        activation::relu,
    ),
    (
        "three pieces",
        |x| {
            let high = x.clone().mask_fill(x.clone().greater_elem(1), 1);
            high.clone().mask_fill(high.lower_equal_elem(-1), -1)
        },
        |x| x.clamp(-1, 1),
    ),
    (
        "a steep slope below zero",
        |x| x.clone().mask_where(x.clone().lower_elem(0), x * 3.0),
        |x| activation::leaky_relu(x, 3.0),
    ),
    (
        "a threshold away from zero",
        |x| (x.clone() + 0.25).mask_fill((x * 2.0).lower_elem(-1.0), -0.25),
        |x| (x + 0.25).clamp_min(-0.25),
    ),
    (
        "the larger half",
        |x| {
            let (left, right) = halves(x);
            let mask = left.clone().greater(right.clone());
            both(right.mask_where(mask, left))
        },
        |x| {
            let (left, right) = halves(x);
            both(left.max_pair(right))
        },
    ),
    (
        "the smaller of twice and thrice the difference",
        |x| {
            let (left, right) = halves(x);
            let difference = left.clone() - right.clone();
            let mask = right.lower(left);
            both((difference.clone() * 3.0).mask_where(mask, difference * 2.0))
        },
        |x| {
            let (left, right) = halves(x);
            let difference = left - right;
            both((difference.clone() * 3.0).min_pair(difference * 2.0))
        },
    ),
    (
        "a slope for every feature",
        |x| {
            let slopes = Tensor::<2>::from_data([[0.5, 0.25, 0.0, 1.0, 0.75, 0.125]], &x.device());
            x.clone().mask_where(x.clone().lower_elem(0), x * slopes)
        },
        |x| {
            let slopes = Tensor::<2>::from_data([[0.5, 0.25, 0.0, 1.0, 0.75, 0.125]], &x.device());
            x.clone().clamp_min(0) + x.clamp_max(0) * slopes
        },
    ),
    (
        "a slope for every feature, above and below 1",
        |x| {
            let slopes = Tensor::<2>::from_data([[0.5, 2.0, -1.0, 1.0, 0.0, 3.0]], &x.device());
            x.clone().mask_where(x.clone().lower_elem(0), x * slopes)
        },
        |x| {
            let slopes = Tensor::<2>::from_data([[0.5, 2.0, -1.0, 1.0, 0.0, 3.0]], &x.device());
            x.clone().clamp_min(0) + x.clamp_max(0) * slopes
        },
    ),
    ("a value times its sign", |x| x.clone() * x.sign(), |x| x.abs()),
    (
        "a hat",
        |x| {
            let outside = x.clone().abs().greater_elem(0.5);
            (-x.abs() + 0.5).mask_fill(outside, 0)
        },
        |x| activation::relu(-x.abs() + 0.5),
    ),
    (
        "steps that cancel",
        |x| {
            let high = x.clone().greater_elem(0.25).float();
            x * high.clone() + (-high + 1.0) * 0.25
        },
        |x| x.clamp_min(0.25),
    ),
    (
        "a clamp by what is inside and what is above",
        |x| {
            let inside = x.clone().greater_elem(-0.5).bool_and(x.clone().lower_equal_elem(1));
            let above = x.clone().greater_elem(1).float();
            let below = x.clone().lower_equal_elem(-0.5).float();
            x * inside.float() + above - below * 0.5
        },
        |x| x.clamp(-0.5, 1.0),
    ),
    (
        "outside by either of two",
        |x| {
            let outside = x.clone().greater_elem(1).bool_or(x.clone().lower_elem(-1));
            x.clone().mask_where(outside, x.sign())
        },
        |x| x.clamp(-1, 1),
    ),
    (
        "inside by exactly one of two",
        |x| {
            let inside = x.clone().greater_elem(-1).bool_xor(x.clone().greater_elem(1));
            let sign = x.clone().sign();
            sign.mask_where(inside, x)
        },
        |x| x.clamp(-1, 1),
    ),
    (
        "an activation of what was scaled before",
        |x| {
            let x = x * -3.0 + 0.5;
            let sign = x.clone().sign();
            x.clone().abs().clamp_max(0.75) * sign
        },
        |x| (x * -3.0 + 0.5).clamp(-0.75, 0.75),
    ),
    (
        "a constant mask besides another one",
        |x| {
            let device = x.device();
            let some = Tensor::<2>::from_data([[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]], &device);
            let some = some.greater_elem(0.5).expand(x.dims());
            let mask = x.clone().lower_elem(0).bool_and(some);
            x.mask_fill(mask, 0)
        },
        |x| {
            let some = Tensor::<2>::from_data([[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]], &x.device());
            x.clone().clamp_min(0) + x.clamp_max(0) * (-some + 1.0)
        },
    ),
    ("no choice at all", |x| x.clone().mask_where(x.clone().lower_elem(0), x), |x| x),
];

fn halves(x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    (x.clone().narrow(1, 0, 3), x.narrow(1, 3, 3))
}

fn both(half: Tensor<2>) -> Tensor<2> {
    Tensor::cat(vec![half.clone(), half], 1)
}

#[test]
fn maxima_and_minima_in_disguise_are_captured() {
    let model = Model::new();
    let points: Vec<f32> =
        (0..80).map(|index| (index as f32 * 0.618).fract() * 4.0 - 2.0).collect();
    for (name, disguised, plain) in DISGUISED {
        let forward = |model: &Model, points| model.around(points, disguised);
        let network =
            tropex::capture(&model, [4], forward).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = values(model.around(tensor(&points, [20, 4], &device()), plain));
        let found = network.logits(&points).expect("whole points");
        assert!(difference(&found, &expected) < of_modules(1e-5), "{name}");
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All);
        let terms = extractor.and_then(|extractor| extractor.extract(&points)).expect(name);
        let failures = SelfCheck::of(&terms, &points).failures(terms.precision());
        assert_eq!(failures, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn choices_that_jump_are_refused() {
    let jumping: [(&str, Function); 11] = [
        ("MaskFill", |x| x.clone().mask_fill(x.lower_elem(0.5), 0)),
        ("MaskWhere", |x| x.clone().mask_where(x.clone().lower_elem(0), -x.clone() - 1.0)),
        ("MaskWhere", |x| x.clone().mask_where(x.clone().lower_elem(0), x.clone().flip([1]))),
        ("Mul", |x| x.clone() * x.greater_elem(0.5).float()),
        ("Add", |x| x.clone() + x.greater_elem(0).float()),
        ("EqualElem", |x| x.clone().mask_fill(x.equal_elem(0), 1)),
        ("MaskFill", |x| {
            let inside = x.clone().greater_elem(0).bool_and(x.clone().lower_elem(1));
            x.mask_fill(inside, 0)
        }),
        ("Sign", |x| x.sign()),
        ("Sub", |x| x.clone() - x.sign() * 0.5),
        // The comparison itself is the result, so the error names the comparison.
        ("GreaterElem", |x| x.greater_elem(0).float()),
        ("MaskWhere", |x| {
            let (left, right) = halves(x);
            let mask = left.clone().greater_elem(0).bool_and(right.clone().greater_elem(0));
            both(left.mask_where(mask, right))
        }),
    ];
    for (operation, function) in jumping {
        let error = refused(|_, hidden| function(hidden));
        assert_says(&error, &[&format!("`{operation}`"), "it jumps"]);
    }
}
