//! Broadcasting of operands to the shape of the result.

use std::collections::HashMap;

use burn::backend::ir::{BaseOperationIr, OperationIr, ShapeOpIr, TensorIr};

use super::context::{CapturedValue, LoweringContext, joined};
use super::evaluate::Evaluator;
use super::lowering_error::LoweringError;
use super::rearrange::expanded;

impl LoweringContext {
    /// A value operand in the shape of the result.
    pub(super) fn value_like(
        &mut self,
        tensor: &TensorIr,
        out: &TensorIr,
    ) -> Result<CapturedValue, LoweringError> {
        let value = self.value(tensor)?;
        if tensor.shape == out.shape {
            return Ok(value);
        }
        expanded(self, &expand(tensor, out), out)
    }

    /// The numbers of a constant operand for one point of the result.
    pub(super) fn broadcast(
        &self,
        constant: &TensorIr,
        out: &TensorIr,
    ) -> Result<Vec<f64>, LoweringError> {
        let expanded = Evaluator::new(self, HashMap::new()).run(&expand(constant, out))?;
        let numbers: Vec<f64> = expanded.iter().collect();
        let features = numbers.len() / self.points;
        if numbers.chunks_exact(features.max(1)).any(|point| *point != numbers[..features]) {
            let shape = joined(&constant.shape.to_vec());
            return Err(
                format!("a constant of shape [{shape}] is not the same for all points").into()
            );
        }
        Ok(numbers[..features].to_vec())
    }
}

/// The operation that expands a tensor to the shape of another tensor.
fn expand(tensor: &TensorIr, out: &TensorIr) -> OperationIr {
    let out = TensorIr { dtype: tensor.dtype, ..out.clone() };
    let family = match tensor.dtype {
        dtype if dtype.is_float() => OperationIr::BaseFloat,
        dtype if dtype.is_bool() => OperationIr::BaseBool,
        _ => OperationIr::BaseInt,
    };
    family(BaseOperationIr::Expand(ShapeOpIr { input: tensor.clone(), out }))
}
