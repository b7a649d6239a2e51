//! What is known of every recorded tensor while the operations are lowered.

use std::collections::{HashMap, HashSet};

use burn::backend::ir::{OperationIr, TensorIr};
use burn::tensor::{TensorData, TensorId};

use super::form::Form;
use super::record::Recording;
use super::refusal::{JUMPS, MIXES_POINTS, Refusal};
use super::unsupported::{Unsupported, operation_name};
use crate::Placement;
use crate::network::{Node, OutputActivation, ValueId};
use crate::ops::{Diagonal, Op};

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
    /// True where a form is positive.
    Mask(Form),
    /// The output of an operation that was refused.
    Refused,
}

pub(super) struct Context {
    pub(super) placement: Placement,
    pub(super) nodes: Vec<Node>,
    pub(super) dropped: Vec<OutputActivation>,
    pub(super) refused: Vec<Unsupported>,
    output: TensorId,
    known: HashMap<TensorId, Known>,
    names: HashMap<TensorId, String>,
    pub(super) other_shapes: HashMap<TensorId, Vec<usize>>,
    /// Number of points recorded; `other_shapes` are of one more.
    pub(super) points: usize,
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
            placement: recording.placement,
            nodes: Vec::new(),
            dropped: Vec::new(),
            refused: Vec::new(),
            output,
            known,
            names: recording.names,
            other_shapes: recording.other_shapes,
            points: recording.points,
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
            Known::Constant(_) | Known::Mask(_) | Known::Refused => None,
        }
    }

    pub(super) fn is_constant(&self, tensor: &TensorIr) -> bool {
        matches!(self.known.get(&tensor.id), Some(Known::Constant(_)))
    }

    /// The data of a constant operand.
    pub(super) fn constant(&self, tensor: &TensorIr) -> Result<&TensorData, Refusal> {
        match self.known.get(&tensor.id) {
            Some(Known::Constant(data)) => Ok(data),
            _ => Err("an operand that should be constant depends on the input".into()),
        }
    }

    /// The numbers of a constant operand.
    pub(super) fn numbers(&self, tensor: &TensorIr) -> Result<Vec<f64>, Refusal> {
        Ok(self.constant(tensor)?.iter().collect())
    }

    /// The form whose sign a mask tells, if the operand is such a mask.
    pub(super) fn mask(&self, tensor: &TensorIr) -> Option<&Form> {
        match self.known.get(&tensor.id)? {
            Known::Mask(form) => Some(form),
            Known::Constant(_) | Known::Value(_) | Known::Refused => None,
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
            Some(Known::Constant(_)) => {
                Err("an operand is constant where a value is expected".into())
            }
            Some(Known::Mask(_)) => Err(JUMPS.into()),
            Some(Known::Refused) => Err(Refusal::Follows),
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
        let inputs = inputs.iter().map(|value| value.id).collect();
        self.nodes.push(Node { op: op.into(), inputs, shape: shape.clone(), layer });
        Value { id: ValueId::of_node(self.nodes.len() - 1), shape, padding: [(0, 0); 2] }
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

    pub(super) fn know_constant(&mut self, tensor: &TensorIr, data: TensorData) {
        self.known.insert(tensor.id, Known::Constant(data));
    }

    pub(super) fn know_mask(&mut self, tensor: &TensorIr, positive: Form) {
        self.known.insert(tensor.id, Known::Mask(positive));
    }

    /// Leaves an operation alone that reads what a refused one would have given.
    pub(super) fn pass_over(&mut self, operation: &OperationIr) {
        self.known.extend(operation.outputs().map(|output| (output.id, Known::Refused)));
    }

    /// Notes an operation that cannot be captured. Floats of which the shape of one point is known
    /// get stand-ins, so that the operations after it are looked at too.
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
        let outputs: Vec<_> = operation.outputs().cloned().collect();
        for output in outputs {
            let known = match self.point_shape(&output) {
                Ok(shape) if output.dtype.is_float() => {
                    let stand_in = Diagonal::new(None, None, &self.placement);
                    Known::Value(self.push(stand_in, &[], shape, None))
                }
                _ => Known::Refused,
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
