//! Max pooling, and its backward pass.

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, unary};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::ops::MaxPoolOptions;

use super::geometry::WindowGeometry;
use super::max_pool::{gradient_of_input, maxima};
use super::planes::{PlaneShape, in_planes};
use super::recorded::{LayerTensor, nodes, record};
use crate::simd::{SimdFloat, for_float};

/// [`crate::max_pool2d`], if `flex` holds the tensor, there are enough points, and every window
/// has a cell.
pub(crate) fn max_pool2d(input: &Tensor<4>, options: &MaxPoolOptions<2>) -> Option<Tensor<4>> {
    let [_, _, height, width] = input.dims();
    let MaxPoolOptions { kernel_size, stride, padding, dilation, ceil_mode } = options.clone();
    if ceil_mode {
        return None;
    }
    let geometry = WindowGeometry::new([height, width], kernel_size, stride, padding, dilation)?;
    let input = LayerTensor::of(input)?;
    for_float!(input.numbers.dtype(), max_pool2d_in(input, geometry))
}

fn max_pool2d_in<F: SimdFloat>(part: LayerTensor, geometry: WindowGeometry) -> Option<Tensor<4>> {
    let shape = PlaneShape::of::<F>(&part.numbers);
    let patterns = geometry.patterns();
    let is_empty = |cell| patterns.forward.taps_of(cell).is_empty();
    if !shape.is_dense() || (0..patterns.forward.outputs()).any(is_empty) {
        return None;
    }
    let input = in_planes::<F>(part.numbers.clone());
    let (values, winners) = maxima::<F>(&patterns, shape, input.storage());
    let output = PlaneShape { size: geometry.output, ..shape }.tensor(values);
    let state = || MaxPool2dState { winners: winners.into(), geometry };
    Some(record(MaxPool2dBackward, nodes([part]), output, state))
}

#[derive(Debug)]
struct MaxPool2dBackward;

/// What the backward pass of a max pooling reads.
#[derive(Clone, Debug)]
struct MaxPool2dState {
    /// The kernel cell of every maximum, in the layout of planes.
    winners: Arc<[u32]>,
    geometry: WindowGeometry,
}

impl Backward<Flex, 1> for MaxPool2dBackward {
    type State = MaxPool2dState;

    fn backward(
        self,
        ops: Ops<MaxPool2dState, 1>,
        gradients: &mut Gradients,
        _: &mut Checkpointer,
    ) {
        unary::<Flex, _>(ops.parents, ops.node, gradients, |gradient| {
            for_float!(gradient.dtype(), backward_in(&ops.state, gradient))
        });
    }
}

fn backward_in<F: SimdFloat>(state: &MaxPool2dState, gradient: FlexTensor) -> FlexTensor {
    let MaxPool2dState { winners, geometry } = state;
    let (gradient, patterns) = (in_planes::<F>(gradient), geometry.patterns());
    let shape = PlaneShape::of::<F>(&gradient);
    let (numbers, kernel_cells) = (gradient.storage::<F>(), geometry.kernel_cells());
    let input = gradient_of_input(&patterns, shape, winners, numbers, kernel_cells);
    PlaneShape { size: geometry.input, ..shape }.tensor(input)
}
