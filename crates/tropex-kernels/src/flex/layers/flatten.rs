//! Planes in row-major order, which Burn's own operations read fastest.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, unary};
use burn::tensor::{Shape, Tensor};

use super::planes::in_rows;
use super::recorded::{LayerTensor, nodes, record};
use crate::simd::for_float;

/// [`crate::row_major`], if `flex` holds the tensor in another order.
pub(crate) fn row_major(input: &Tensor<4>) -> Option<Tensor<4>> {
    reordered(input, input.shape())
}

/// [`crate::flatten`], if `flex` holds the tensor in another order.
pub(crate) fn flatten(input: &Tensor<4>) -> Option<Tensor<2>> {
    let [points, channels, height, width] = input.dims();
    reordered(input, Shape::new([points, channels * height * width]))
}

fn reordered<const D: usize>(input: &Tensor<4>, shape: Shape) -> Option<Tensor<D>> {
    let part = LayerTensor::of(input)?;
    if part.numbers.is_contiguous() {
        return None;
    }
    let rows = part.numbers.clone();
    let rows = for_float!(rows.dtype(), in_rows(rows));
    let state = || input.shape();
    Some(record(ReorderBackward, nodes([part]), rows.reshape(shape), state))
}

#[derive(Debug)]
struct ReorderBackward;

impl Backward<Flex, 1> for ReorderBackward {
    /// The shape of the input.
    type State = Shape;

    fn backward(self, ops: Ops<Shape, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<Flex, _>(ops.parents, ops.node, gradients, |gradient| gradient.reshape(ops.state));
    }
}
