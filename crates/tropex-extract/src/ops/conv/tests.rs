use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device};
use proptest::prelude::*;

use super::*;
use crate::Precision;

/// A random convolution that fits its planes.
#[derive(Clone, Debug)]
struct ConvolutionCase {
    spec: ConvSpec<2>,
    kernel: [usize; 2],
    input: [usize; 3],
    outputs: usize,
}

type Axis = ((usize, usize, usize), (usize, usize), usize);

/// Kernel, stride and dilation; padding; and cells of the plane beyond the smallest valid extent.
fn axis() -> impl Strategy<Value = Axis> {
    ((1..4_usize, 1..4_usize, 1..3_usize), (0..4_usize, 0..4_usize), 0..5_usize)
}

fn cases() -> impl Strategy<Value = ConvolutionCase> {
    let channels = (1..4_usize, 1..3_usize, 1..3_usize);
    (axis(), axis(), channels, any::<bool>()).prop_map(|(down, across, channels, symmetric)| {
        let (groups, inputs, outputs) = channels;
        let axes = [down, across];
        let padding = axes.map(|(_, (b, e), _)| (b, if symmetric { b } else { e }));
        let extent = |((kernel, _, dilation), _, more): Axis, (begin, end): (usize, usize)| {
            (dilation * (kernel - 1) + 1).saturating_sub(begin + end).max(1) + more
        };
        ConvolutionCase {
            spec: ConvSpec {
                stride: axes.map(|axis| axis.0.1),
                padding,
                dilation: axes.map(|axis| axis.0.2),
                groups,
            },
            kernel: axes.map(|axis| axis.0.0),
            input: [groups * inputs, extent(down, padding[0]), extent(across, padding[1])],
            outputs: groups * outputs,
        }
    })
}

/// Pseudo-random numbers in [-0.5, 0.5).
fn numbers<const D: usize>(shape: [usize; D], step: f64) -> TensorData {
    let number = |index| (index as f64 * step).fract() - 0.5;
    TensorData::new((0..shape.iter().product()).map(number).collect::<Vec<f64>>(), shape)
}

impl ConvolutionCase {
    fn options(&self) -> ConvOptions<2> {
        let ConvSpec { stride, padding, dilation, groups } = self.spec.clone();
        ConvOptions::new_with_padding(stride, padding, dilation, groups)
    }

    fn weight(&self) -> TensorData {
        let inputs = self.input[0] / self.spec.groups;
        numbers([self.outputs, inputs, self.kernel[0], self.kernel[1]], 0.618_034)
    }

    fn output(&self) -> [usize; 3] {
        let windows = |axis: usize| {
            let (begin, end) = self.spec.padding[axis];
            let reach = self.spec.dilation[axis] * (self.kernel[axis] - 1) + 1;
            (self.input[axis + 1] + begin + end - reach) / self.spec.stride[axis] + 1
        };
        [self.outputs, windows(0), windows(1)]
    }

    fn correlation(&self) -> Correlation<2, 4> {
        let target = ComputeTarget::new(&Device::flex(), Precision::F64).expect("flex has f64");
        let planes = [self.input, self.output()]
            .map(|shape| ChannelPlanes::new(&shape).expect("three extents"));
        Correlation::new(self.spec.clone(), self.weight(), planes, &target)
    }

    fn rows(&self) -> Tensor<4> {
        let [channels, height, width] = self.output();
        on(numbers([2, channels, height, width], 0.754_878), &Device::flex())
    }

    /// The gradient of `rows . conv(x)` with respect to `x`.
    fn gradient(&self) -> Tensor<4> {
        let device = Device::flex().autodiff();
        let [channels, height, width] = self.input;
        let input = on(numbers([2, channels, height, width], 0.3), &device).require_grad();
        let output = conv2d(input.clone(), on(self.weight(), &device), None, self.options());
        let rows = Tensor::from_inner(self.rows());
        let gradients = (output * rows).sum().backward();
        input.grad(&gradients).expect("the output depends on the input")
    }
}

fn on<const D: usize>(data: TensorData, device: &Device) -> Tensor<D> {
    Tensor::from_data(data, (device, DType::F64))
}

fn difference(left: Tensor<4>, right: Tensor<4>) -> f64 {
    assert_eq!(left.dims(), right.dims());
    let values = |tensor: Tensor<4>| tensor.into_data().iter::<f64>().collect::<Vec<_>>();
    let pairs = values(left).into_iter().zip(values(right));
    pairs.fold(0.0, |most: f64, (left, right)| most.max((left - right).abs()))
}

/// Planes `[groups * points, features]` with 10 % nonzero entries.
fn mostly_zero(planes: [usize; 3], points: usize, groups: usize) -> Tensor<2> {
    let features = planes.iter().product::<usize>();
    let value = |index: usize| {
        let position = index % (points * features);
        let is_entry = (position as f64 * 0.569_840).fract() < 0.1;
        if is_entry { (index as f64 * 0.754_878).fract() - 0.5 } else { 0.0 }
    };
    let values: Vec<f64> = (0..groups * points * features).map(value).collect();
    let data = TensorData::new(values, [groups * points, features]);
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

/// The case is large enough for all blocked loops, for planes of 42 cells, and for skipping zeros.
#[test]
fn zeros_of_large_planes_are_skipped() {
    let case = ConvolutionCase {
        spec: ConvSpec { stride: [1, 1], padding: [(1, 1), (1, 1)], dilation: [1, 1], groups: 1 },
        kernel: [3, 3],
        input: [40, 6, 7],
        outputs: 150,
    };
    let correlation = case.correlation();
    let weight = correlation.weight.tensor();
    for groups in [1, 2, 5] {
        let down = mostly_zero(case.input, 3, groups);
        let found = correlation
            .by_cells(Correlation::down_stencil, &down, 3, None)
            .expect("10 % is sparse enough");
        let error = (found - correlation.down(down, weight.clone(), None)).abs().max();
        assert!(error.into_scalar::<f64>() < 1e-12);
        let up = mostly_zero(case.output(), 3, groups);
        let found = correlation
            .by_cells(Correlation::up_stencil, &up, 3, None)
            .expect("10 % is sparse enough");
        let error = (found - correlation.up(up, weight.clone(), None)).abs().max();
        assert!(error.into_scalar::<f64>() < 1e-12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn both_transposes_equal_burns_gradient(case in cases()) {
        let (correlation, expected) = (case.correlation(), case.gradient());
        let weight = correlation.weight.tensor();
        let flipped = correlation.up_flipped(case.rows(), weight.clone(), None);
        prop_assert!(difference(flipped, expected.clone()) < 1e-13);
        if case.spec.padding.iter().all(|(begin, end)| begin == end) {
            let direct = correlation.up_direct(case.rows(), weight, None);
            prop_assert!(difference(direct, expected) < 1e-13);
        }
    }

    /// Tests both directions, with sparse planes (equal patterns in all groups) and dense planes,
    /// with enough points to fill vectors and with fewer points, for which Burn computes.
    #[test]
    fn stencils_agree_with_burns_convolutions(
        case in cases(),
        groups in 1..6_usize,
        points in prop_oneof![Just(1_usize), 2..9_usize, Just(40_usize)],
        full in any::<bool>(),
    ) {
        let correlation = case.correlation();
        let weight = correlation.weight.tensor();
        for (planes, channels, is_down) in
            [(case.input, case.outputs, true), (case.output(), case.input[0], false)]
        {
            let planes = if full {
                on(numbers([groups * points, planes.iter().product()], 0.754_878), &Device::flex())
            } else {
                mostly_zero(planes, points, groups)
            };
            for bias in [Some(on(numbers([channels], 0.1), &Device::flex())), None] {
                let (found, expected) = if is_down {
                    (
                        correlation.by_cells(Correlation::down_stencil, &planes, points, bias.as_ref()),
                        correlation.down(planes.clone(), weight.clone(), bias),
                    )
                } else {
                    (
                        correlation.by_cells(Correlation::up_stencil, &planes, points, bias.as_ref()),
                        correlation.up(planes.clone(), weight.clone(), bias),
                    )
                };
                let uses_stencil = case.spec.groups == 1 && groups * points >= 16;
                prop_assert!(found.is_some() || !uses_stencil);
                prop_assert!(found.is_none() || case.spec.groups == 1);
                if let Some(found) = found {
                    let error: f64 = (found - expected).abs().max().into_scalar();
                    prop_assert!(error < 1e-13, "{error}");
                }
            }
        }
    }
}
