//! Tensors of `flex` with and without a record of operations, and the recording of an operation.

use burn::backend::Flex;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::ops::{Backward, NodeGuard, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Tensor};

/// `flex` that records operations.
type RecordingFlex = Autodiff<Flex, NoCheckpointing>;

/// A tensor of `flex`, and its place in the record if it has one.
pub(super) struct LayerTensor {
    pub(super) numbers: FlexTensor,
    node: Option<NodeGuard>,
}

impl LayerTensor {
    /// `None` if the tensor is not of `flex`, or neither in f32 nor in f64.
    pub(super) fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        let (numbers, node) = match tensor.clone().try_into_primitive::<RecordingFlex>() {
            Ok(recorded) => {
                let (numbers, node) = recorded.into_parts();
                (numbers, Some(node))
            }
            Err(_) => (tensor.clone().try_into_primitive::<Flex>().ok()?, None),
        };
        matches!(numbers.dtype(), DType::F32 | DType::F64).then_some(Self { numbers, node })
    }
}

/// The places of all inputs in the record. `None` if one has no place.
pub(super) fn nodes<const N: usize>(inputs: [LayerTensor; N]) -> Option<[NodeGuard; N]> {
    let nodes: Option<Vec<_>> = inputs.into_iter().map(|input| input.node).collect();
    nodes?.try_into().ok()
}

/// The output of an operation as a tensor, recorded with its backward pass if the inputs are
/// recorded.
pub(super) fn record<const N: usize, const D: usize, B: Backward<Flex, N>>(
    operation: B,
    nodes: Option<[NodeGuard; N]>,
    output: FlexTensor,
    state: impl FnOnce() -> B::State,
) -> Tensor<D> {
    let Some(nodes) = nodes else { return Tensor::from_primitive::<Flex>(output) };
    let recorded = match operation.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => preparation.finish(state(), output),
        OpsKind::UnTracked(preparation) => preparation.finish(output),
    };
    Tensor::from_primitive::<RecordingFlex>(recorded)
}
