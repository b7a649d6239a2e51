use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device};
use proptest::prelude::*;

use super::*;
use crate::Precision;

/// Any convolution that fits its planes.
#[derive(Clone, Debug)]
struct Problem {
    spec: ConvSpec<2>,
    kernel: [usize; 2],
    input: [usize; 3],
    outputs: usize,
}

type Axis = ((usize, usize, usize), (usize, usize), usize);

/// Kernel, stride, dilation; padding; and how far the plane exceeds what must be there.
fn axis() -> impl Strategy<Value = Axis> {
    ((1..4_usize, 1..4_usize, 1..3_usize), (0..4_usize, 0..4_usize), 0..5_usize)
}

fn problems() -> impl Strategy<Value = Problem> {
    let channels = (1..4_usize, 1..3_usize, 1..3_usize);
    (axis(), axis(), channels, any::<bool>()).prop_map(|(down, across, channels, symmetric)| {
        let (groups, inputs, outputs) = channels;
        let axes = [down, across];
        let padding = axes.map(|(_, (b, e), _)| (b, if symmetric { b } else { e }));
        let extent = |((kernel, _, dilation), _, more): Axis, (begin, end): (usize, usize)| {
            (dilation * (kernel - 1) + 1).saturating_sub(begin + end).max(1) + more
        };
        Problem {
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

/// Numbers in [-0.5, 0.5) that look random.
fn numbers<const D: usize>(shape: [usize; D], step: f64) -> TensorData {
    let number = |index| (index as f64 * step).fract() - 0.5;
    TensorData::new((0..shape.iter().product()).map(number).collect::<Vec<f64>>(), shape)
}

impl Problem {
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
        let placement = Placement::new(&Device::flex(), Precision::F64).expect("flex has f64");
        let planes =
            [self.input, self.output()].map(|shape| Planes::new(&shape).expect("three extents"));
        Correlation::new(self.spec.clone(), self.weight(), planes, &placement)
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn both_transposes_are_burns_gradient(problem in problems()) {
        let (correlation, expected) = (problem.correlation(), problem.gradient());
        let weight = correlation.weight.tensor();
        let turned = correlation.up_turned(problem.rows(), weight.clone(), None);
        prop_assert!(difference(turned, expected.clone()) < 1e-13);
        if problem.spec.padding.iter().all(|(begin, end)| begin == end) {
            let direct = correlation.up_direct(problem.rows(), weight, None);
            prop_assert!(difference(direct, expected) < 1e-13);
        }
    }
}
