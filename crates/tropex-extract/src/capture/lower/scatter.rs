//! Lowering of updates at constant positions: scatter and assignment.

use std::collections::HashMap;

use burn::backend::ir::{
    BaseOperationIr, GatherNdOpIr, GatherOpIr, OperationIr, SelectOpIr, TensorIr,
};
use burn::tensor::{IndexingUpdateOp, TensorData};

use super::{DIFFERS, LoweringContext, LoweringError, MIXES_POINTS, NOT_SUPPORTED, PRODUCT};
use crate::capture::context::CapturedValue;
use crate::capture::evaluate::Evaluator;
use crate::capture::linear::SparseRows;
use crate::capture::rearrange::rearrange;

/// An update of `tensor` with `values`.
struct IndexedUpdate<'a> {
    tensor: &'a TensorIr,
    values: &'a TensorIr,
    out: &'a TensorIr,
    update: IndexingUpdateOp,
    /// Reads from the updated positions: maps a tensor like `tensor` to a tensor like `values`.
    reads: OperationIr,
}

impl<'a> IndexedUpdate<'a> {
    fn of(operation: &'a BaseOperationIr) -> Option<Self> {
        use BaseOperationIr as Ir;
        let (tensor, values, out, update, reads) = match operation {
            Ir::Scatter(op) => {
                let reads = GatherOpIr {
                    tensor: op.tensor.clone(),
                    dim: op.dim,
                    indices: op.indices.clone(),
                    out: op.value.clone(),
                };
                (&op.tensor, &op.value, &op.out, op.update, Ir::Gather(reads))
            }
            Ir::SelectAssign(op) => {
                let reads = SelectOpIr {
                    tensor: op.tensor.clone(),
                    dim: op.dim,
                    indices: op.indices.clone(),
                    out: op.value.clone(),
                };
                (&op.tensor, &op.value, &op.out, op.update, Ir::Select(reads))
            }
            Ir::ScatterNd(op) => {
                let reads = GatherNdOpIr {
                    data: op.data.clone(),
                    indices: op.indices.clone(),
                    out: op.values.clone(),
                };
                (&op.data, &op.values, &op.out, op.reduction, Ir::GatherNd(reads))
            }
            _ => return None,
        };
        Some(Self { tensor, values, out, update, reads: OperationIr::BaseFloat(reads) })
    }
}

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &BaseOperationIr,
) -> Result<(), LoweringError> {
    let update = IndexedUpdate::of(operation).ok_or(NOT_SUPPORTED)?;
    let whole = OperationIr::BaseFloat(operation.clone());
    match update.update {
        IndexingUpdateOp::Assign => rearrange(context, "assign", &whole),
        IndexingUpdateOp::Add => added(context, &update, &whole),
        IndexingUpdateOp::Mul if context.is_constant(update.values) => {
            let value = context.value(update.tensor)?;
            let factors = applied_to(context, &update, &whole, 1.0)?;
            let value = context.scaled(&value, factors);
            context.define(update.out, value)
        }
        IndexingUpdateOp::Mul => Err(PRODUCT.into()),
        IndexingUpdateOp::Min | IndexingUpdateOp::Max => Err(NOT_SUPPORTED.into()),
    }
}

fn added(
    context: &mut LoweringContext,
    update: &IndexedUpdate,
    whole: &OperationIr,
) -> Result<(), LoweringError> {
    let IndexedUpdate { tensor, values, out, .. } = update;
    let value = if context.is_constant(values) {
        let value = context.value(tensor)?;
        let offsets = applied_to(context, update, whole, 0.0)?;
        context.shifted(&value, offsets)
    } else {
        let value = context.value(values)?;
        let shape = context.point_shape(out)?;
        let rows = sums(context, update, &value, shape.iter().product())?;
        let sums = context.sparse("scatter", &value, &rows, shape, None)?;
        if context.is_constant(tensor) {
            let offsets = context.broadcast(tensor, out)?;
            context.shifted(&sums, offsets)
        } else {
            let value = context.value(tensor)?;
            context.sum(&value, &sums)
        }
    };
    context.define(out, value)
}

/// The result of an update with constant values for a tensor filled with a number, at one point.
fn applied_to(
    context: &LoweringContext,
    update: &IndexedUpdate,
    whole: &OperationIr,
    number: f64,
) -> Result<Vec<f64>, LoweringError> {
    let full = TensorData::full::<f64, _>(update.tensor.shape.clone(), number);
    let filled = HashMap::from([(update.tensor.id, full)]);
    let result: Vec<f64> = Evaluator::new(context, filled).run(whole)?.iter().collect();
    let features: usize = context.point_shape(update.out)?.iter().product();
    let is_uniform = result.chunks_exact(features).all(|point| *point == result[..features]);
    if is_uniform { Ok(result[..features].to_vec()) } else { Err(DIFFERS.into()) }
}

/// The values that are added at each position.
fn sums(
    context: &LoweringContext,
    update: &IndexedUpdate,
    value: &CapturedValue,
    features: usize,
) -> Result<SparseRows, LoweringError> {
    let numbers = (0..context.points * features).map(|position| position as f64);
    let positions = TensorData::new(numbers.collect::<Vec<f64>>(), update.tensor.shape.clone());
    let filled = HashMap::from([(update.tensor.id, positions)]);
    let targets = Evaluator::new(context, filled).run(&update.reads)?;
    let targets: Vec<usize> = targets.iter::<f64>().map(|position| position as usize).collect();
    let width = value.features();
    let features_of = |point: usize| -> Option<Vec<usize>> {
        let targets = targets[point * width..][..width].iter();
        targets
            .map(|target| {
                target.checked_sub(point * features).filter(|&position| position < features)
            })
            .collect()
    };
    let first = features_of(0).ok_or(MIXES_POINTS)?;
    for point in 1..context.points {
        if features_of(point).ok_or(MIXES_POINTS)? != first {
            return Err(DIFFERS.into());
        }
    }
    let mut rows: SparseRows = vec![Vec::new(); features];
    first.into_iter().enumerate().for_each(|(source, position)| rows[position].push((source, 1.0)));
    Ok(rows)
}
