//! Networks with large rounding errors: sums that cancel, and parameters of few digits.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, FloatDType, Tensor, activation};
use tropex::{Classes, ComputeTarget, Error, Extractor, Gauge, Network, Precision, capture};

use super::refusals::assert_says;
use crate::common::{device, difference, largest, precisions, tensor, values};

struct To(FloatDType);

impl ModuleMapper for To {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let dtype = self.0;
        param.map(|tensor| tensor.cast(dtype))
    }
}

/// Layers in a sequence, with a function between them.
#[derive(Module, Debug)]
struct Stack {
    layers: Vec<Linear>,
}

impl Stack {
    fn new(widths: &[usize], device: &Device) -> Self {
        let layer = |pair: &[usize]| LinearConfig::new(pair[0], pair[1]).init(device);
        Self { layers: widths.windows(2).map(layer).collect() }
    }

    fn between(&self, x: Tensor<2>, f: impl Fn(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        let (last, layers) = self.layers.split_last().expect("there are layers");
        last.forward(layers.iter().fold(x, |x, layer| activation::relu(f(layer.forward(x)))))
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.between(x, |x| x)
    }
}

/// The name of a precision in Burn.
fn float(precision: Precision) -> FloatDType {
    match precision {
        Precision::F32 => FloatDType::F32,
        Precision::F64 => FloatDType::F64,
    }
}

/// Largest difference between a network and a plain computation in f64, relative to the largest
/// logit.
fn apart(network: &Network, expected: &[f64], points: &[f32]) -> f64 {
    let f64 = ComputeTarget::in_f64(&device()).expect("flex");
    let found = network.to_target(&f64).logits(points).expect("whole points");
    difference(&found, expected) / largest(expected)
}

#[test]
fn networks_with_large_values_that_cancel_are_captured() {
    for precision in precisions() {
        for exponent in 0..=12 {
            let size = 10.0_f64.powi(exponent);
            for widths in [vec![6, 5, 3], vec![20, 30, 30, 4]] {
                let stack = Stack::new(&widths, &device()).map(&mut To(float(precision)));
                // Differences of large numbers; and large numbers that are added and subtracted
                // again.
                let differences = |stack: &Stack, x: Tensor<2>| {
                    let end = stack.forward(x.clone());
                    let far = stack.between(x, |x| x.clone() * 1.0001 - x * 1e-4);
                    (end - far) * size
                };
                let shifts = |stack: &Stack, x: Tensor<2>| stack.between(x, |x| (x + size) - size);
                let captured = |what: &str, result: Result<Network, Error>| {
                    result.unwrap_or_else(|error| {
                        panic!("{what}, {size:e}, {precision:?}, {widths:?}: {error}")
                    })
                };
                captured("differences", capture(&stack, [widths[0]], differences));
                let network = captured("shifts", capture(&stack, [widths[0]], shifts));
                // The network computes the exact function. The module itself loses it to rounding.
                if size <= 1e6 {
                    let f64 = ComputeTarget::in_f64(&device()).expect("flex");
                    let exact = stack.clone().to_device(f64.device()).map(&mut To(FloatDType::F64));
                    let points: Vec<f32> =
                        (0..4 * widths[0]).map(|n| (n as f32 * 0.618_034).fract() - 0.5).collect();
                    let input = tensor(&points, [4, widths[0]], f64.device()).cast(FloatDType::F64);
                    let expected = values(exact.forward(input));
                    assert!(apart(&network, &expected, &points) < 1e-6, "{size:e} {precision:?}");
                }
            }
        }
    }
}

/// The kernels of flex compute in half precision. Other devices may not support it.
fn has(dtype: FloatDType) -> bool {
    device().supports_dtype(dtype)
}

#[test]
fn modules_with_parameters_of_few_digits_are_captured_exactly() {
    for dtype in [FloatDType::BF16, FloatDType::F16].into_iter().filter(|&dtype| has(dtype)) {
        for widths in [
            vec![4, 3],
            vec![64, 200, 80, 10],
            vec![300, 100, 5],
            vec![16, 32, 32, 32, 32, 32, 32, 32, 4],
        ] {
            let halves = Stack::new(&widths, &device()).map(&mut To(dtype));
            let network = capture(&halves, [widths[0]], Stack::forward)
                .unwrap_or_else(|error| panic!("{dtype:?} {widths:?}: {error}"));
            assert_eq!(network.target().precision(), Precision::F32);
            // The network has the parameters of the module, to the last digit.
            let whole = halves.map(&mut To(FloatDType::F32));
            let points: Vec<f32> =
                (0..4 * widths[0]).map(|n| (n as f32 * 0.618_034).fract() - 0.5).collect();
            let expected = values(whole.forward(tensor(&points, [4, widths[0]], &device())));
            let found = network.logits(&points).expect("whole points");
            assert!(difference(&found, &expected) < 1e-5 * (1.0 + largest(&expected)), "{dtype:?}");
        }
    }
}

/// A difference that rounding does not explain is an error in every float type.
#[test]
fn dependence_on_the_number_of_points_is_found_in_every_type() {
    let types = [FloatDType::F64, FloatDType::F32, FloatDType::BF16, FloatDType::F16];
    for dtype in types.into_iter().filter(|&dtype| has(dtype)) {
        for widths in [vec![4, 3], vec![64, 200, 10], vec![784, 100, 10]] {
            let stack = Stack::new(&widths, &device()).map(&mut To(dtype));
            let by_count = |stack: &Stack, x: Tensor<2>| {
                let points = x.dims()[0] as f64;
                stack.forward(x) / points
            };
            let error = capture(&stack, [widths[0]], by_count).expect_err("other results");
            assert_says(&error, &["depends on the number of points"]);
            let shifted = |stack: &Stack, x: Tensor<2>| {
                let points = x.dims()[0] as f64;
                stack.between(x, |hidden| hidden + points)
            };
            if widths.len() > 2 {
                let error = capture(&stack, [widths[0]], shifted).expect_err("other results");
                assert_says(&error, &["depends on the number of points"]);
            }
        }
    }
}

/// Logits of any size are compared relative to their own size, not to 1.
#[test]
fn small_logits_are_checked_on_their_own_scale() {
    for size in [1e-3, 1e-9, 1e-20] {
        let stack = Stack::new(&[4, 6, 3], &device());
        let small = |stack: &Stack, x: Tensor<2>| stack.forward(x) * size + 0.0;
        capture(&stack, [4], small).unwrap_or_else(|error| panic!("{size:e}: {error}"));
        let by_count = |stack: &Stack, x: Tensor<2>| {
            let points = x.dims()[0] as f64;
            stack.forward(x) * (size * points)
        };
        let error = capture(&stack, [4], by_count).expect_err("other results");
        assert_says(&error, &["depends on the number of points"]);
    }
    let zero = |stack: &Stack, x: Tensor<2>| stack.forward(x) * 0.0;
    capture(&Stack::new(&[4, 3], &device()), [4], zero).expect("zeros are zeros");
}

#[test]
fn numbers_too_large_for_a_type_are_refused() {
    if !has(FloatDType::F16) {
        return;
    }
    let stack = Stack::new(&[4, 3], &device()).map(&mut To(FloatDType::F16));
    let large = |stack: &Stack, x: Tensor<2>| stack.forward(x) * 60000.0 * 60000.0;
    let error = capture(&stack, [4], large).expect_err("infinity");
    assert_says(&error, &["not finite", "f16"]);
}

#[test]
fn terms_of_networks_with_large_values_that_cancel_pass_their_self_check() {
    for precision in precisions() {
        for size in [1.0, 1e3, 1e6] {
            let widths = [20, 30, 30, 4];
            let stack = Stack::new(&widths, &device()).map(&mut To(float(precision)));
            let cancelling = |stack: &Stack, x: Tensor<2>| {
                let far = stack.between(x.clone(), |x| x.clone() * 1.0001 - x * 1e-4);
                (stack.forward(x) - far) * size
            };
            let network = capture(&stack, [widths[0]], cancelling).expect("it is captured");
            let extractor = Extractor::new(&network, Gauge::Tight, Classes::All).expect("it is");
            let points: Vec<f32> =
                (0..8 * widths[0]).map(|n| (n as f32 * 0.618_034).fract() - 0.5).collect();
            let terms = extractor.extract(&points).expect("whole points");
            let check = extractor.check(&terms, &points).expect("a device");
            assert_eq!(check.failures(precision), Vec::<String>::new(), "{size:e} {precision:?}");
            assert!(check.rounding > check.largest_logit * precision.epsilon(), "{check:?}");
            // An error beyond rounding is still found.
            let mut wrong = check;
            wrong.value_error = 1e3 * wrong.rounding;
            assert_eq!(wrong.failures(precision).len(), 1);
        }
    }
}
