//! Operations that only move numbers. Their rearrangement is found by evaluating them on indices,
//! so that no rule of Burn is implemented twice.

use std::collections::HashMap;

use burn::backend::ir::{OperationIr, TensorIr};
use burn::tensor::{TensorData, TensorId};

use super::context::{CapturedValue, LoweringContext};
use super::evaluate::Evaluator;
use super::lowering_error::{DIFFERS, LoweringError, MIXES_POINTS};
use crate::ops::{Concat, Rearrange};

/// The source of every number of one point, and a constant that is added to it.
struct Movement {
    /// Index among the concatenated features of all operands; `None` for a constant.
    source: Vec<Option<usize>>,
    /// The constants; 0 for numbers with a source.
    constants: Vec<f64>,
}

/// Lowers an operation whose every output is an input or a constant.
pub(super) fn rearrange(
    context: &mut LoweringContext,
    name: &'static str,
    operation: &OperationIr,
) -> Result<(), LoweringError> {
    let out = operation.outputs().next().ok_or("an operation without an output")?;
    let value = moved(context, name, operation, out)?;
    context.define(out, value)
}

/// The output of an expansion of a value.
pub(super) fn expanded(
    context: &mut LoweringContext,
    expand: &OperationIr,
    out: &TensorIr,
) -> Result<CapturedValue, LoweringError> {
    moved(context, "expand", expand, out)
}

fn moved(
    context: &mut LoweringContext,
    name: &'static str,
    operation: &OperationIr,
    out: &TensorIr,
) -> Result<CapturedValue, LoweringError> {
    let operands = operands(context, operation)?;
    let movement = Movement::of(context, operation, &operands)?;
    let shape = context.point_shape(out)?;
    Ok(movement.lower(context, name, &operands, shape))
}

/// The operands that are values, without repetitions.
fn operands(
    context: &LoweringContext,
    operation: &OperationIr,
) -> Result<Vec<(TensorIr, CapturedValue)>, LoweringError> {
    let mut operands: Vec<(TensorIr, CapturedValue)> = Vec::new();
    for input in operation.inputs().filter(|input| !context.is_constant(input)) {
        if operands.iter().all(|(tensor, _)| tensor.id != input.id) {
            operands.push((input.clone(), context.value(input)?));
        }
    }
    Ok(operands)
}

impl Movement {
    fn of(
        context: &LoweringContext,
        operation: &OperationIr,
        operands: &[(TensorIr, CapturedValue)],
    ) -> Result<Self, LoweringError> {
        let width: usize = operands.iter().map(|(_, value)| value.features()).sum();
        // For zeros as operands, the output is the constants. For indices, counted from 1, the
        // output differs from the constants by the indices.
        let run = |filled: HashMap<TensorId, TensorData>| -> Result<Vec<f64>, LoweringError> {
            Ok(Evaluator::new(context, filled).run(operation)?.iter().collect())
        };
        let zeros = operands
            .iter()
            .map(|(tensor, _)| (tensor.id, TensorData::full::<f64, _>(tensor.shape.clone(), 0.0)));
        let constants = run(zeros.collect())?;
        let indices = run(indices(context.points, width, operands))?;
        let features = indices.len() / context.points;
        let at = |point: usize, feature: usize| {
            let entry = point * features + feature;
            let index = indices[entry] - constants[entry];
            let source = index - 1.0 - (point * width) as f64;
            ((index != 0.0).then_some(source), constants[entry])
        };
        let point_sources = |point: usize| (0..features).map(move |feature| at(point, feature));
        let is_feature =
            |source: f64| source.fract() == 0.0 && (0.0..width as f64).contains(&source);
        let mut all_points = (0..context.points).flat_map(point_sources);
        if !all_points.all(|(source, _)| source.is_none_or(is_feature)) {
            return Err(MIXES_POINTS.into());
        }
        if !(1..context.points).all(|point| point_sources(point).eq(point_sources(0))) {
            return Err(DIFFERS.into());
        }
        let (source, constants): (Vec<_>, _) = point_sources(0).unzip();
        let source = source.into_iter().map(|source| source.map(|index| index as usize)).collect();
        Ok(Self { source, constants })
    }

    fn lower(
        self,
        context: &mut LoweringContext,
        name: &'static str,
        operands: &[(TensorIr, CapturedValue)],
        shape: Vec<usize>,
    ) -> CapturedValue {
        let values: Vec<&CapturedValue> = operands.iter().map(|(_, value)| value).collect();
        let widths: Vec<usize> = values.iter().map(|value| value.features()).collect();
        let width = widths.iter().sum();
        let stays = self.source.len() == width
            && self.source.iter().enumerate().all(|(index, source)| *source == Some(index));
        let joint = if stays { shape.clone() } else { vec![width] };
        let joined = match values.as_slice() {
            [value] => (*value).clone(),
            values => context.push(Concat::new(widths), values, joint, None),
        };
        let rearranged = if stays {
            joined
        } else {
            let op = Rearrange::new(name, width, &self.source, &context.target);
            context.push(op, &[&joined], shape, None)
        };
        context.shifted(&rearranged, self.constants)
    }
}

/// For every operand, the indices `point * width + feature`, counted from 1.
fn indices(
    points: usize,
    width: usize,
    operands: &[(TensorIr, CapturedValue)],
) -> HashMap<TensorId, TensorData> {
    let mut first = 1;
    let mut filled = HashMap::new();
    for (tensor, value) in operands {
        let features = value.features();
        let row = |point: usize| (0..features).map(move |index| point * width + first + index);
        let numbers: Vec<f64> = (0..points).flat_map(row).map(|number| number as f64).collect();
        filled.insert(tensor.id, TensorData::new(numbers, tensor.shape.clone()));
        first += features;
    }
    filled
}
