//! Reports of unsupported operations.

use burn::backend::ir::{OperationIr, TensorIr};
use burn::tensor::TensorId;

use super::context::{LoweringContext, TensorState, joined};
use super::lowering_error::JUMPS;
use crate::ops::ElementwiseAffine;
use crate::unsupported::{UnsupportedOperation, operation_name};

impl LoweringContext {
    /// Records the operation that produced a mask or a discontinuous function.
    pub(super) fn record_origin(&mut self, index: usize, operation: &OperationIr) {
        let discontinuous = operation.outputs().filter(|output| self.is_discontinuous(output));
        let origins: Vec<_> =
            discontinuous.map(|out| (out.id, (index, operation.clone()))).collect();
        for (tensor, origin) in origins {
            self.origins.entry(tensor).or_insert(origin);
        }
    }

    /// Reports the operation that produced a mask or a discontinuous function as unsupported,
    /// because a value is needed.
    pub(super) fn report_origin(&mut self, tensor: TensorId) {
        let origin = self.origins.get(&tensor).cloned();
        self.known.insert(tensor, TensorState::Unsupported { constant: false });
        if let Some((index, operation)) = origin
            && self.unsupported.iter().all(|operation| operation.index != index)
        {
            self.report(index, &operation, JUMPS.into());
        }
    }

    /// Records an unsupported operation.
    pub(super) fn report(&mut self, index: usize, operation: &OperationIr, reason: String) {
        let first = operation.inputs().next();
        let input_shape = first.map_or("no input".into(), |input| self.shape_text(input));
        let place = self.place_of(operation);
        let operation_name = operation_name(operation);
        self.unsupported.push(UnsupportedOperation {
            index,
            operation: operation_name,
            input_shape,
            place,
            reason,
        });
        self.add_placeholders(operation);
    }

    /// Registers placeholders for the outputs of an unsupported operation, or of an operation that
    /// depends on one. Floating-point outputs that depend on the input become values, so that later
    /// operations are examined too.
    pub(super) fn add_placeholders(&mut self, operation: &OperationIr) {
        let constant = operation
            .inputs()
            .all(|input| self.is_constant(input) || self.is_unsupported_constant(input));
        let outputs: Vec<_> = operation.outputs().cloned().collect();
        for output in outputs {
            let known = match self.point_shape(&output) {
                Ok(shape) if output.dtype.is_float() && !constant => {
                    let placeholder = ElementwiseAffine::new(None, None, &self.target);
                    let value = self.push(placeholder, &[], shape, None);
                    self.placeholders.insert(value.id.index());
                    TensorState::Value(value)
                }
                _ => TensorState::Unsupported { constant },
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
