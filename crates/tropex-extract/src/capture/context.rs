//! What is known of every recorded tensor while the operations are lowered.

use std::collections::{HashMap, HashSet};

use burn::backend::ir::{OperationIr, TensorIr};
use burn::tensor::{TensorData, TensorId};

use super::curve::Curve;
use super::lower::Mask;
use super::record::Recording;
use super::refusal::{JUMPS, MIXES_POINTS, Refusal};
use crate::ComputeTarget;
use crate::network::{Node, OutputActivation, ValueId};
use crate::ops::{ElementwiseAffine, Op};
use crate::unsupported::{Unsupported, operation_name};

/// A value of the network under the shape that the module gives it at the moment.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) id: ValueId,
    /// Shape of one point.
    pub(super) shape: Vec<usize>,
    /// Cells of minus infinity that a maximum over windows will see around each plane.
    pub(super) padding: [(usize, usize); 2],
}

impl Value {
    /// Numbers of one point.
    pub(super) fn features(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A recorded tensor.
#[derive(Clone, Debug)]
enum Known {
    /// Data of the recorded shape.
    Constant(TensorData),
    Value(Value),
    Mask(Mask),
    /// A function of a value that jumps, which may be part of one that does not.
    Curve(Curve),
    /// The output of an operation that was refused, or what depends on it.
    Refused {
        /// Whether nothing in it depends on the input.
        constant: bool,
    },
}

impl Known {
    fn jumps(&self) -> bool {
        matches!(self, Self::Mask(_) | Self::Curve(_))
    }
}

pub(super) struct Context {
    pub(super) target: ComputeTarget,
    pub(super) nodes: Vec<Node>,
    pub(super) output_activations: Vec<OutputActivation>,
    pub(super) refused: Vec<Unsupported>,
    output: TensorId,
    known: HashMap<TensorId, Known>,
    /// The operations that gave masks and curves, with their positions.
    origins: HashMap<TensorId, (usize, OperationIr)>,
    names: HashMap<TensorId, String>,
    pub(super) other_shapes: HashMap<TensorId, Vec<usize>>,
    /// Number of points recorded; `other_shapes` are of one more.
    pub(super) points: usize,
    /// Values that stand in for what was refused, and what is made of them, by number.
    stand_ins: HashSet<usize>,
}

impl Context {
    /// The recorded operations that the output depends on, with their positions, and a context
    /// that knows the input and the parameters.
    pub(super) fn new(
        recording: Recording,
        input_shape: &[usize],
    ) -> (Self, Vec<(usize, OperationIr)>) {
        let graph = recording.graph;
        let (input, output) = (graph.graph.inputs[0], graph.graph.outputs[0]);
        let constants = graph.values.into_iter().map(|(id, data)| (id, Known::Constant(data)));
        let mut known: HashMap<_, _> = constants.collect();
        let value = Value { id: ValueId::INPUT, shape: input_shape.to_vec(), padding: [(0, 0); 2] };
        known.insert(input, Known::Value(value));
        let context = Self {
            target: recording.target,
            nodes: Vec::new(),
            output_activations: Vec::new(),
            refused: Vec::new(),
            output,
            known,
            origins: HashMap::new(),
            names: recording.names,
            other_shapes: recording.other_shapes,
            points: recording.points,
            stand_ins: HashSet::new(),
        };
        (context, needed(graph.graph.operations, output))
    }

    pub(super) fn is_output(&self, tensor: &TensorIr) -> bool {
        tensor.id == self.output
    }

    /// The network's output, if it is a value.
    pub(super) fn output(&self) -> Option<&Value> {
        match self.known.get(&self.output)? {
            Known::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The operation whose output jumps, if that is the network's output.
    pub(super) fn jumping_output(&self) -> Option<TensorId> {
        self.known.get(&self.output).filter(|known| known.jumps()).map(|_| self.output)
    }

    pub(super) fn is_constant(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(Known::Constant(_)))
    }

    /// Whether an operand is what a refused operation would have given.
    pub(super) fn is_refused(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(Known::Refused { .. }))
    }

    /// Whether an operand would be constant if no operation had been refused.
    pub(super) fn is_refused_constant(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(Known::Refused { constant: true }))
    }

    /// Whether an operand is a mask or a curve.
    pub(super) fn jumps(&self, tensor: &TensorIr) -> bool {
        self.known.get(&tensor.id).is_some_and(Known::jumps)
    }

    /// The data of a constant operand.
    pub(super) fn constant(&self, tensor: &TensorIr) -> Result<&TensorData, Refusal> {
        match self.known.get(&tensor.id) {
            Some(Known::Constant(data)) => Ok(data),
            _ => {
                Err("an operand that must be constant, such as a weight or a position, depends on \
                      the input: the operation is not piecewise linear in all of its operands"
                    .into())
            }
        }
    }

    /// The numbers of a constant operand.
    pub(super) fn numbers(&self, tensor: &TensorIr) -> Result<Vec<f64>, Refusal> {
        Ok(self.constant(tensor)?.iter().collect())
    }

    /// The operand, if it is a mask.
    pub(super) fn mask(&self, tensor: &TensorIr) -> Option<&Mask> {
        match self.known.get(&tensor.id)? {
            Known::Mask(mask) => Some(mask),
            _ => None,
        }
    }

    /// The operand, if it is a curve.
    pub(super) fn curve(&self, tensor: &TensorIr) -> Option<&Curve> {
        match self.known.get(&tensor.id)? {
            Known::Curve(curve) => Some(curve),
            _ => None,
        }
    }

    /// A value operand that no padding with minus infinity waits on.
    pub(super) fn value(&self, tensor: &TensorIr) -> Result<Value, Refusal> {
        let value = self.padded_value(tensor)?;
        if value.padding == [(0, 0); 2] {
            return Ok(value);
        }
        Err("padding with minus infinity is supported before max pooling only".into())
    }

    pub(super) fn padded_value(&self, tensor: &TensorIr) -> Result<Value, Refusal> {
        match self.known.get(&tensor.id) {
            Some(Known::Value(value)) => Ok(value.clone()),
            Some(Known::Constant(_)) => Err(
                "what it is applied to is constant, and another of its operands is not, which is \
                     not supported"
                    .into(),
            ),
            Some(Known::Mask(_) | Known::Curve(_)) => Err(Refusal::Jumps(tensor.id)),
            Some(Known::Refused { .. }) => Err(Refusal::Follows),
            None => Err("an operand is the second result of an operation of which only the \
                         first is supported, such as the positions of maxima"
                .into()),
        }
    }

    /// Module path of the layer that a parameter belongs to.
    pub(super) fn layer(&self, parameter: &TensorIr) -> Option<String> {
        let path = self.names.get(&parameter.id)?;
        path.rsplit_once('.').map(|(layer, _)| layer.to_owned())
    }

    /// Appends an operation and gives its output, of which one point has this shape.
    pub(super) fn push(
        &mut self,
        op: impl Into<Op>,
        inputs: &[&Value],
        shape: Vec<usize>,
        layer: Option<String>,
    ) -> Value {
        let inputs: Vec<_> = inputs.iter().map(|value| value.id).collect();
        if inputs.iter().any(|&input| self.stands_in(input)) {
            self.stand_ins.insert(self.nodes.len() + 1);
        }
        self.nodes.push(Node { op: op.into(), inputs, shape: shape.clone(), layer });
        Value { id: ValueId::of_node(self.nodes.len() - 1), shape, padding: [(0, 0); 2] }
    }

    /// Whether a value depends on what was refused, so that nothing can be said of it.
    pub(super) fn stands_in(&self, value: ValueId) -> bool {
        self.stand_ins.contains(&value.index())
    }

    /// Appends an operation with one input whose output is a recorded tensor.
    pub(super) fn emit(
        &mut self,
        op: impl Into<Op>,
        input: &Value,
        out: &TensorIr,
        layer: Option<String>,
    ) -> Result<(), Refusal> {
        let shape = self.point_shape(out)?;
        let value = self.push(op, &[input], shape, layer);
        self.known.insert(out.id, Known::Value(value));
        Ok(())
    }

    /// Says which value a recorded tensor is, whatever shape it has there.
    pub(super) fn define(&mut self, out: &TensorIr, value: Value) -> Result<(), Refusal> {
        let shape = self.point_shape(out)?;
        if value.features() != shape.iter().product::<usize>() {
            return Err(MIXES_POINTS.into());
        }
        self.known.insert(out.id, Known::Value(Value { shape, ..value }));
        Ok(())
    }

    /// A recorded tensor that is a value with cells of minus infinity around its planes.
    pub(super) fn pad(&mut self, value: Value, padding: [(usize, usize); 2], out: &TensorIr) {
        self.known.insert(out.id, Known::Value(Value { padding, ..value }));
    }

    pub(super) fn know_constant(&mut self, tensor: TensorId, data: TensorData) {
        self.known.insert(tensor, Known::Constant(data));
    }

    pub(super) fn know_mask(&mut self, tensor: &TensorIr, mask: Mask) {
        self.known.insert(tensor.id, Known::Mask(mask));
    }

    pub(super) fn know_curve(&mut self, tensor: &TensorIr, curve: Curve) {
        self.known.insert(tensor.id, Known::Curve(curve));
    }

    /// Says that a tensor is a mask or curve that another one is, in another shape.
    pub(super) fn know_same(&mut self, tensor: &TensorIr, as_other: &TensorIr) {
        if let Some(known) = self.known.get(&as_other.id).cloned() {
            self.known.insert(tensor.id, known);
        }
        if let Some(origin) = self.origins.get(&as_other.id).cloned() {
            self.origins.insert(tensor.id, origin);
        }
    }

    /// Remembers which operation gave a mask or a curve.
    pub(super) fn note_origin(&mut self, index: usize, operation: &OperationIr) {
        let jumping = operation.outputs().filter(|output| self.jumps(output));
        let origins: Vec<_> = jumping.map(|out| (out.id, (index, operation.clone()))).collect();
        for (tensor, origin) in origins {
            self.origins.entry(tensor).or_insert(origin);
        }
    }

    /// Refuses the operation that gave a mask or curve where a value is needed.
    pub(super) fn refuse_origin(&mut self, tensor: TensorId) {
        let origin = self.origins.get(&tensor).cloned();
        self.known.insert(tensor, Known::Refused { constant: false });
        if let Some((index, operation)) = origin
            && self.refused.iter().all(|refused| refused.index != index)
        {
            self.refuse(index, &operation, JUMPS.into());
        }
    }

    /// Notes an operation that cannot be captured.
    pub(super) fn refuse(&mut self, index: usize, operation: &OperationIr, reason: String) {
        let first = operation.inputs().next();
        let input_shape = first.map_or("no input".into(), |input| self.shape_text(input));
        let place = self.place_of(operation);
        let operation_name = operation_name(operation);
        self.refused.push(Unsupported {
            index,
            operation: operation_name,
            input_shape,
            place,
            reason,
        });
        self.stand_in(operation);
    }

    /// Knows nothing of the outputs of an operation, which is refused or follows a refused one. Floats that depend on the input get values of
    /// their shape, so that the operations after it are looked at too.
    pub(super) fn stand_in(&mut self, operation: &OperationIr) {
        let constant = operation
            .inputs()
            .all(|input| self.is_constant(input) || self.is_refused_constant(input));
        let outputs: Vec<_> = operation.outputs().cloned().collect();
        for output in outputs {
            let known = match self.point_shape(&output) {
                Ok(shape) if output.dtype.is_float() && !constant => {
                    let stand_in = ElementwiseAffine::new(None, None, &self.target);
                    let value = self.push(stand_in, &[], shape, None);
                    self.stand_ins.insert(value.id.index());
                    Known::Value(value)
                }
                _ => Known::Refused { constant },
            };
            self.known.insert(output.id, known);
        }
    }

    fn place_of(&self, operation: &OperationIr) -> String {
        let parameter = operation.inputs().find_map(|input| self.names.get(&input.id));
        let layer = self.nodes.iter().rev().find_map(|node| node.layer.as_ref());
        match (parameter, layer) {
            (Some(parameter), _) => format!("with parameter `{parameter}`"),
            (None, Some(layer)) => format!("after layer `{layer}`"),
            (None, None) => "before any layer with parameters".into(),
        }
    }

    fn shape_text(&self, tensor: &TensorIr) -> String {
        match self.point_shape(tensor) {
            Ok(shape) => format!("[n, {}]", joined(&shape)),
            Err(_) => format!("[{}]", joined(&tensor.shape.to_vec())),
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
