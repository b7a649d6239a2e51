//! Lowering of floating-point operations, matrix products in particular.

use std::collections::HashMap;

use burn::backend::ir::{
    CrossOpIr, FloatOperationIr, GridSample2dOpIr, MatmulOpIr, OperationIr, TensorIr,
};
use burn::tensor::TensorData;

use super::{
    DIFFERS, LoweringContext, LoweringError, MIXES_POINTS, NOT_PIECEWISE_LINEAR, NOT_SUPPORTED,
    PRODUCT, STEPS,
};
use crate::ComputeTarget;
use crate::capture::context::CapturedValue;
use crate::capture::evaluate::Evaluator;
use crate::capture::linear::{SparseRows, read_weights};
use crate::ops::{Batched, Concat, Linear, Op, Rearrange, Separable};

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &OperationIr,
    float: &FloatOperationIr,
) -> Result<(), LoweringError> {
    use FloatOperationIr as Ir;
    match float {
        Ir::Matmul(product) => matmul(context, product),
        Ir::Cross(product) => cross(context, operation, product),
        Ir::GridSample2d(sample) => grid_sample(context, sample),
        Ir::Round(_)
        | Ir::Floor(_)
        | Ir::Ceil(_)
        | Ir::Trunc(_)
        | Ir::IntoInt(_)
        | Ir::IsNan(_)
        | Ir::IsInf(_) => Err(STEPS.into()),
        Ir::Quantize(_) | Ir::Dequantize(_) => Err(NOT_SUPPORTED.into()),
        _ => Err(NOT_PIECEWISE_LINEAR.into()),
    }
}

/// The vector product with a constant: every entry is a weighted sum of two entries.
fn cross(
    context: &mut LoweringContext,
    operation: &OperationIr,
    product: &CrossOpIr,
) -> Result<(), LoweringError> {
    let CrossOpIr { lhs, rhs, out, dim } = product;
    let input = match (context.is_constant(lhs), context.is_constant(rhs)) {
        (false, true) => lhs,
        (true, false) => rhs,
        _ => return Err(PRODUCT.into()),
    };
    let value = context.value_like(input, out)?;
    let [outer, length, inner] = context.extents_around(&value, out, *dim)?;
    // The result for vectors with a one at one position holds the weights of this position.
    let mut spread = operation.clone();
    if let OperationIr::Float(_, FloatOperationIr::Cross(product)) = &mut spread {
        let side = if input.id == lhs.id { &mut product.lhs } else { &mut product.rhs };
        side.shape = out.shape.clone();
    }
    let features = value.features();
    let mut rows: SparseRows = vec![Vec::new(); features];
    for position in 0..length {
        let one = |at: usize| f64::from(u8::from(at / inner % length == position));
        let ones = (0..context.points * features).map(one).collect::<Vec<f64>>();
        let filled = HashMap::from([(input.id, TensorData::new(ones, out.shape.clone()))]);
        let weights: Vec<f64> = Evaluator::new(context, filled).run(&spread)?.iter().collect();
        if weights.chunks_exact(features).any(|point| *point != weights[..features]) {
            return Err(DIFFERS.into());
        }
        for vector in 0..outer {
            for (at, to) in (0..length).flat_map(|to| (0..inner).map(move |at| (at, to))) {
                let feature = |position: usize| (vector * length + position) * inner + at;
                let weight = weights[feature(to)];
                rows[feature(to)].extend((weight != 0.0).then_some((feature(position), weight)));
            }
        }
    }
    let shape = context.point_shape(out)?;
    let value = context.sparse("cross", &value, &rows, shape, None)?;
    context.define(out, value)
}

/// Sampling of planes at constant positions between their cells.
fn grid_sample(
    context: &mut LoweringContext,
    sample: &GridSample2dOpIr,
) -> Result<(), LoweringError> {
    let GridSample2dOpIr { tensor, grid, out, .. } = sample;
    if context.is_constant(tensor) {
        return Err("its positions depend on the input, which is not piecewise linear".into());
    }
    let value = context.value(tensor)?;
    let (pieces, piece) = context.pieces(&value, tensor)?;
    let &[channels, height, width] = piece.as_slice() else {
        return Err(format!("unexpected planes of shape {piece:?}").into());
    };
    let (positions, cells) = (out.shape[2] * out.shape[3], height * width);
    let grids = context.numbers(grid)?;
    let grid_numbers = 2 * positions * pieces;
    if grids.chunks_exact(grid_numbers).any(|point| *point != grids[..grid_numbers]) {
        return Err(DIFFERS.into());
    }
    let mut rows: SparseRows = Vec::with_capacity(pieces * channels * positions);
    for (index, grid) in grids[..grid_numbers].chunks_exact(2 * positions).enumerate() {
        let plane = read_weights([height, width], |planes, count| {
            sampled(context, sample, grid, (planes, count, [height, width]))
        })?;
        for channel in 0..channels {
            let first = (index * channels + channel) * cells;
            let in_channel = |row: &Vec<(usize, f64)>| {
                row.iter().map(|&(cell, weight)| (first + cell, weight)).collect()
            };
            rows.extend(plane.iter().map(in_channel));
        }
    }
    let shape = context.point_shape(out)?;
    let value = context.sparse("grid sample", &value, &rows, shape, None)?;
    context.define(out, value)
}

/// The samples of planes `[count, height, width]` at the positions of one grid.
fn sampled(
    context: &LoweringContext,
    sample: &GridSample2dOpIr,
    grid: &[f64],
    (planes, count, [height, width]): (Vec<f64>, usize, [usize; 2]),
) -> Result<Vec<f64>, LoweringError> {
    let mut sample = sample.clone();
    let [rows, columns] = [sample.out.shape[2], sample.out.shape[3]];
    sample.tensor.shape = [count, 1, height, width].into();
    sample.grid.shape = [count, rows, columns, 2].into();
    sample.out.shape = [count, 1, rows, columns].into();
    let planes = TensorData::new(planes, sample.tensor.shape.clone());
    let grids = TensorData::new(grid.repeat(count), sample.grid.shape.clone());
    let filled = HashMap::from([(sample.tensor.id, planes), (sample.grid.id, grids)]);
    let dtype = sample.out.dtype;
    let operation = OperationIr::Float(dtype, FloatOperationIr::GridSample2d(sample));
    Ok(Evaluator::new(context, filled).run(&operation)?.iter().collect())
}

fn matmul(context: &mut LoweringContext, product: &MatmulOpIr) -> Result<(), LoweringError> {
    let MatmulOpIr { lhs, rhs, out } = product;
    match (context.is_constant(lhs), context.is_constant(rhs)) {
        (false, true) => value_by_constant(context, lhs, rhs, out),
        (true, false) => constant_by_value(context, lhs, rhs, out),
        _ => Err(PRODUCT.into()),
    }
}

/// `X W` for every matrix of `X` `[points, matrices.., rows, inputs]`.
fn value_by_constant(
    context: &mut LoweringContext,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(lhs)?;
    let weights = matrices(context, rhs, out)?;
    let rows = value.features() / weights.len() / weights[0].extents[0];
    let width = rows * weights[0].extents[1];
    let product = |weight: ConstantMatrix, target: &ComputeTarget| {
        let weight = TensorData::new(weight.numbers, weight.extents);
        Batched::of(Linear::new(weight, target), rows)
    };
    by_matrix(context, &value, weights, product, width, (rhs, out))
}

/// `W X` for every matrix of `X` `[points, matrices.., inputs, columns]`.
fn constant_by_value(
    context: &mut LoweringContext,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), LoweringError> {
    let value = context.value(rhs)?;
    let [outer, inputs, columns] =
        context.extents_around(&value, rhs, rhs.shape.len().saturating_sub(2))?;
    let weights = matrices(context, lhs, out)?;
    let planes = [outer / weights.len(), inputs, columns];
    let width = planes[0] * weights[0].extents[0] * columns;
    let product = |weight: ConstantMatrix, target: &ComputeTarget| {
        let rows = weight.numbers.chunks_exact(inputs).map(<[f64]>::to_vec).collect();
        let detail = format!("{} x {}", weight.extents[0], weight.extents[1]);
        Separable::new("matrix x", detail, planes, [Some(rows), None], target).into()
    };
    by_matrix(context, &value, weights, product, width, (lhs, out))
}

/// The products of the equal parts of a value with one matrix each, concatenated.
fn by_matrix(
    context: &mut LoweringContext,
    value: &CapturedValue,
    mut weights: Vec<ConstantMatrix>,
    product: impl Fn(ConstantMatrix, &ComputeTarget) -> Op,
    width: usize,
    (constant, out): (&TensorIr, &TensorIr),
) -> Result<(), LoweringError> {
    let layer = context.layer(constant);
    let count = weights.len();
    if let Some(weight) = weights.pop_if(|_| count == 1) {
        let op = product(weight, &context.target);
        return context.emit(op, value, out, layer);
    }
    let mut products = Vec::with_capacity(count);
    for (index, weight) in weights.into_iter().enumerate() {
        let part = part(context, value, index, count);
        let op = product(weight, &context.target);
        products.push(context.push(op, &[&part], vec![width], layer.clone()));
    }
    let shape = context.point_shape(out)?;
    let products: Vec<&CapturedValue> = products.iter().collect();
    let value = context.push(Concat::new(vec![width; count]), &products, shape, None);
    context.define(out, value)
}

/// One of several equal parts of the features of a value.
fn part(
    context: &mut LoweringContext,
    value: &CapturedValue,
    index: usize,
    parts: usize,
) -> CapturedValue {
    let width = value.features() / parts;
    let source: Vec<_> = (index * width..(index + 1) * width).map(Some).collect();
    let op = Rearrange::new("slice", value.features(), &source, &context.target);
    context.push(op, &[value], vec![width], None)
}

/// A constant matrix, row by row.
struct ConstantMatrix {
    extents: [usize; 2],
    numbers: Vec<f64>,
}

/// The matrices `[.., rows, columns]` of a constant: one per matrix of the result at one point, or
/// one for all.
fn matrices(
    context: &LoweringContext,
    constant: &TensorIr,
    out: &TensorIr,
) -> Result<Vec<ConstantMatrix>, LoweringError> {
    let shape = constant.shape.to_vec();
    let (leading, extents) = shape.split_at(shape.len().saturating_sub(2));
    let &[rows, columns] = extents else { return Err("a product of vectors".into()) };
    // Burn broadcasts the leading axes to those of the result.
    let mut like = out.clone();
    let axes = out.shape.len();
    like.shape = [&out.shape.to_vec()[..axes - 2], extents].concat().into();
    let numbers = if leading.iter().all(|&extent| extent == 1) {
        context.numbers(constant)?
    } else if axes == 2 || leading.first() != Some(&1) && leading[0] != context.points {
        return Err(MIXES_POINTS.into());
    } else {
        context.broadcast(constant, &like)?
    };
    let size = rows * columns;
    if size == 0 || numbers.is_empty() {
        return Err("a product with an empty matrix".into());
    }
    let matrix = |numbers| ConstantMatrix { extents: [rows, columns], numbers };
    if numbers.len() == size {
        return Ok(vec![matrix(numbers)]);
    }
    Ok(numbers.chunks_exact(size).map(|numbers| matrix(numbers.to_vec())).collect())
}
