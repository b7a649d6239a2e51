//! The state of every recorded tensor during the lowering.

use std::collections::{HashMap, HashSet};

use burn::backend::ir::{OperationIr, TensorIr};
use burn::tensor::{TensorData, TensorId};

use super::elementwise_function::ElementwiseFunction;
use super::lowering_error::{
    CONSTANT_OPERAND, LoweringError, MIXES_POINTS, SECOND_RESULT, VARYING_OPERAND,
};
use super::mask::Mask;
use super::record::Recording;
use crate::ComputeTarget;
use crate::network::{Node, OutputActivation, ValueId};
use crate::ops::Op;
use crate::unsupported::UnsupportedOperation;

/// A value of the network, with the shape that the module currently gives it.
#[derive(Clone, Debug)]
pub(super) struct CapturedValue {
    pub(super) id: ValueId,
    /// Shape of one point.
    pub(super) shape: Vec<usize>,
    /// Cells of minus infinity around each plane, for the next max pooling.
    pub(super) padding: [(usize, usize); 2],
}

impl CapturedValue {
    /// Number of entries at one point.
    pub(super) fn features(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The state of a recorded tensor.
#[derive(Clone, Debug)]
pub(super) enum TensorState {
    /// Data of the recorded shape.
    Constant(TensorData),
    Value(CapturedValue),
    Mask(Mask),
    /// A discontinuous function of a value, which may become continuous in a later operation.
    Function(ElementwiseFunction),
    /// The output of an unsupported operation, or of an operation that depends on one.
    Unsupported {
        /// Whether the tensor does not depend on the input.
        constant: bool,
    },
}

impl TensorState {
    fn is_discontinuous(&self) -> bool {
        matches!(self, Self::Mask(_) | Self::Function(_))
    }
}

pub(super) struct LoweringContext {
    pub(super) target: ComputeTarget,
    pub(super) nodes: Vec<Node>,
    pub(super) output_activations: Vec<OutputActivation>,
    pub(super) unsupported: Vec<UnsupportedOperation>,
    output: TensorId,
    pub(super) known: HashMap<TensorId, TensorState>,
    /// The operations that produced masks and discontinuous functions, with their positions.
    pub(super) origins: HashMap<TensorId, (usize, OperationIr)>,
    pub(super) names: HashMap<TensorId, String>,
    pub(super) other_shapes: HashMap<TensorId, Vec<usize>>,
    /// Number of recorded points. `other_shapes` are the shapes for one more point.
    pub(super) points: usize,
    /// Indices of placeholder values: outputs of unsupported operations and values computed from
    /// them.
    pub(super) placeholders: HashSet<usize>,
}

impl LoweringContext {
    /// Returns the recorded operations that the output depends on, with their positions, and a
    /// context with the input and the parameters.
    pub(super) fn new(
        recording: Recording,
        input_shape: &[usize],
    ) -> (Self, Vec<(usize, OperationIr)>) {
        let graph = recording.graph;
        let (input, output) = (graph.graph.inputs[0], graph.graph.outputs[0]);
        let constants =
            graph.values.into_iter().map(|(id, data)| (id, TensorState::Constant(data)));
        let mut known: HashMap<_, _> = constants.collect();
        let value =
            CapturedValue { id: ValueId::INPUT, shape: input_shape.to_vec(), padding: [(0, 0); 2] };
        known.insert(input, TensorState::Value(value));
        let context = Self {
            target: recording.target,
            nodes: Vec::new(),
            output_activations: Vec::new(),
            unsupported: Vec::new(),
            output,
            known,
            origins: HashMap::new(),
            names: recording.names,
            other_shapes: recording.other_shapes,
            points: recording.points,
            placeholders: HashSet::new(),
        };
        (context, needed(graph.graph.operations, output))
    }

    pub(super) fn is_output(&self, tensor: &TensorIr) -> bool {
        tensor.id == self.output
    }

    /// The output of the network, if it is a value.
    pub(super) fn output(&self) -> Option<&CapturedValue> {
        match self.known.get(&self.output)? {
            TensorState::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The output of the network, if it is discontinuous.
    pub(super) fn discontinuous_output(&self) -> Option<TensorId> {
        self.known.get(&self.output).filter(|known| known.is_discontinuous()).map(|_| self.output)
    }

    pub(super) fn is_constant(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(TensorState::Constant(_)))
    }

    /// Whether an operand is the output of an unsupported operation.
    pub(super) fn is_unsupported(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(TensorState::Unsupported { .. }))
    }

    /// Whether an operand is a constant that an unsupported operation should have computed.
    pub(super) fn is_unsupported_constant(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(TensorState::Unsupported { constant: true }))
    }

    /// Whether an operand is a mask or a discontinuous function.
    pub(super) fn is_discontinuous(&self, tensor: &TensorIr) -> bool {
        self.known.get(&tensor.id).is_some_and(TensorState::is_discontinuous)
    }

    /// The data of a constant operand.
    pub(super) fn constant(&self, tensor: &TensorIr) -> Result<&TensorData, LoweringError> {
        match self.known.get(&tensor.id) {
            Some(TensorState::Constant(data)) => Ok(data),
            _ => Err(VARYING_OPERAND.into()),
        }
    }

    /// The numbers of a constant operand.
    pub(super) fn numbers(&self, tensor: &TensorIr) -> Result<Vec<f64>, LoweringError> {
        Ok(self.constant(tensor)?.iter().collect())
    }

    /// The operand, if it is a mask.
    pub(super) fn mask(&self, tensor: &TensorIr) -> Option<&Mask> {
        match self.known.get(&tensor.id)? {
            TensorState::Mask(mask) => Some(mask),
            _ => None,
        }
    }

    /// The operand, if it is a function.
    pub(super) fn function(&self, tensor: &TensorIr) -> Option<&ElementwiseFunction> {
        match self.known.get(&tensor.id)? {
            TensorState::Function(function) => Some(function),
            _ => None,
        }
    }

    /// A value operand without padding of minus infinity.
    pub(super) fn value(&self, tensor: &TensorIr) -> Result<CapturedValue, LoweringError> {
        let value = self.padded_value(tensor)?;
        if value.padding == [(0, 0); 2] {
            return Ok(value);
        }
        Err("padding with minus infinity is supported before max pooling only".into())
    }

    pub(super) fn padded_value(&self, tensor: &TensorIr) -> Result<CapturedValue, LoweringError> {
        match self.known.get(&tensor.id) {
            Some(TensorState::Value(value)) => Ok(value.clone()),
            Some(TensorState::Constant(_)) => Err(CONSTANT_OPERAND.into()),
            Some(TensorState::Mask(_) | TensorState::Function(_)) => {
                Err(LoweringError::Discontinuous(tensor.id))
            }
            Some(TensorState::Unsupported { .. }) => Err(LoweringError::DependsOnUnsupported),
            None => Err(SECOND_RESULT.into()),
        }
    }

    /// Module path of the layer that owns a parameter.
    pub(super) fn layer(&self, parameter: &TensorIr) -> Option<String> {
        let path = self.names.get(&parameter.id)?;
        path.rsplit_once('.').map(|(layer, _)| layer.to_owned())
    }

    /// Appends an operation and returns its output, with the given shape at one point.
    pub(super) fn push(
        &mut self,
        op: impl Into<Op>,
        inputs: &[&CapturedValue],
        shape: Vec<usize>,
        layer: Option<String>,
    ) -> CapturedValue {
        let inputs: Vec<_> = inputs.iter().map(|value| value.id).collect();
        if inputs.iter().any(|&input| self.is_placeholder(input)) {
            self.placeholders.insert(self.nodes.len() + 1);
        }
        self.nodes.push(Node { op: op.into(), inputs, shape: shape.clone(), layer });
        CapturedValue { id: ValueId::of_node(self.nodes.len() - 1), shape, padding: [(0, 0); 2] }
    }

    /// Whether a value depends on an unsupported operation.
    pub(super) fn is_placeholder(&self, value: ValueId) -> bool {
        self.placeholders.contains(&value.index())
    }

    /// Appends an operation with one input whose output is a recorded tensor.
    pub(super) fn emit(
        &mut self,
        op: impl Into<Op>,
        input: &CapturedValue,
        out: &TensorIr,
        layer: Option<String>,
    ) -> Result<(), LoweringError> {
        let shape = self.point_shape(out)?;
        let value = self.push(op, &[input], shape, layer);
        self.known.insert(out.id, TensorState::Value(value));
        Ok(())
    }

    /// Declares that a recorded tensor is a value, in the tensor's shape.
    pub(super) fn define(
        &mut self,
        out: &TensorIr,
        value: CapturedValue,
    ) -> Result<(), LoweringError> {
        let shape = self.point_shape(out)?;
        if value.features() != shape.iter().product::<usize>() {
            return Err(MIXES_POINTS.into());
        }
        self.known.insert(out.id, TensorState::Value(CapturedValue { shape, ..value }));
        Ok(())
    }

    /// Declares that a recorded tensor is a value with cells of minus infinity around its planes.
    pub(super) fn pad(
        &mut self,
        value: CapturedValue,
        padding: [(usize, usize); 2],
        out: &TensorIr,
    ) {
        self.known.insert(out.id, TensorState::Value(CapturedValue { padding, ..value }));
    }

    pub(super) fn set_constant(&mut self, tensor: TensorId, data: TensorData) {
        self.known.insert(tensor, TensorState::Constant(data));
    }

    pub(super) fn set_mask(&mut self, tensor: &TensorIr, mask: Mask) {
        self.known.insert(tensor.id, TensorState::Mask(mask));
    }

    pub(super) fn set_function(&mut self, tensor: &TensorIr, function: ElementwiseFunction) {
        self.known.insert(tensor.id, TensorState::Function(function));
    }

    /// Gives a tensor the mask or the discontinuous function of another tensor, in another shape.
    pub(super) fn set_alias(&mut self, tensor: &TensorIr, as_other: &TensorIr) {
        if let Some(known) = self.known.get(&as_other.id).cloned() {
            self.known.insert(tensor.id, known);
        }
        if let Some(origin) = self.origins.get(&as_other.id).cloned() {
            self.origins.insert(tensor.id, origin);
        }
    }
}

pub(super) fn joined(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The operations that the output depends on, in order.
fn needed(operations: Vec<OperationIr>, output: TensorId) -> Vec<(usize, OperationIr)> {
    let mut wanted = HashSet::from([output]);
    let mut needed = Vec::new();
    for (index, operation) in operations.into_iter().enumerate().rev() {
        let initialises = matches!(operation, OperationIr::Init(_) | OperationIr::Drop(_));
        if !initialises && operation.outputs().any(|output| wanted.contains(&output.id)) {
            wanted.extend(operation.inputs().map(|input| input.id));
            needed.push((index, operation));
        }
    }
    needed.reverse();
    needed
}
