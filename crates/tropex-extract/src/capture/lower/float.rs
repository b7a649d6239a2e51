//! Operations of floats alone, of which matrix products matter.

use burn::backend::ir::{FloatOperationIr, MatmulOpIr, TensorIr};
use burn::tensor::TensorData;

use super::{Context, MIXES_POINTS, NOT_PIECEWISE_LINEAR, PRODUCT, Refusal};
use crate::Placement;
use crate::capture::context::Value;
use crate::ops::{Concat, Each, Linear, Op, Rearrange, Separable};

pub(super) fn lower(context: &mut Context, operation: &FloatOperationIr) -> Result<(), Refusal> {
    match operation {
        FloatOperationIr::Matmul(product) => matmul(context, product),
        _ => Err(NOT_PIECEWISE_LINEAR.into()),
    }
}

fn matmul(context: &mut Context, product: &MatmulOpIr) -> Result<(), Refusal> {
    let MatmulOpIr { lhs, rhs, out } = product;
    match (context.is_constant(lhs), context.is_constant(rhs)) {
        (false, true) => value_by_constant(context, lhs, rhs, out),
        (true, false) => constant_by_value(context, lhs, rhs, out),
        _ => Err(PRODUCT.into()),
    }
}

/// `X W` for every matrix of `X` `[points, matrices.., rows, inputs]`.
fn value_by_constant(
    context: &mut Context,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(lhs)?;
    let weights = matrices(context, rhs, out)?;
    let rows = value.features() / weights.len() / weights[0].extents[0];
    let product = |weight: &Matrix, placement: &Placement| {
        let weight = TensorData::new(weight.numbers.clone(), weight.extents);
        Each::of(Linear::new(weight, placement), rows)
    };
    let width = rows * weights[0].extents[1];
    by_matrix(context, &value, &weights, product, width, (rhs, out))
}

/// `W X` for every matrix of `X` `[points, matrices.., inputs, columns]`.
fn constant_by_value(
    context: &mut Context,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(rhs)?;
    let [outer, inputs, columns] =
        context.around(&value, rhs, rhs.shape.len().saturating_sub(2))?;
    let weights = matrices(context, lhs, out)?;
    let planes = [outer / weights.len(), inputs, columns];
    let product = |weight: &Matrix, placement: &Placement| {
        let rows = weight.numbers.chunks_exact(inputs).map(<[f64]>::to_vec).collect();
        let detail = format!("{} x {}", weight.extents[0], weight.extents[1]);
        Separable::new("matrix x", detail, planes, [Some(rows), None], placement).into()
    };
    let width = planes[0] * weights[0].extents[0] * columns;
    by_matrix(context, &value, &weights, product, width, (lhs, out))
}

/// The products of the equal parts of a value with as many matrices, side by side.
fn by_matrix(
    context: &mut Context,
    value: &Value,
    weights: &[Matrix],
    product: impl Fn(&Matrix, &Placement) -> Op,
    width: usize,
    (constant, out): (&TensorIr, &TensorIr),
) -> Result<(), Refusal> {
    let layer = context.layer(constant);
    if let [weight] = weights {
        let op = product(weight, &context.placement);
        return context.emit(op, value, out, layer);
    }
    let mut products = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let part = part(context, value, index, weights.len());
        let op = product(weight, &context.placement);
        products.push(context.push(op, &[&part], vec![width], layer.clone()));
    }
    let shape = context.point_shape(out)?;
    let products: Vec<&Value> = products.iter().collect();
    let value = context.push(Concat::new(vec![width; weights.len()]), &products, shape, None);
    context.define(out, value)
}

/// One of several equal parts of a value's features.
fn part(context: &mut Context, value: &Value, index: usize, parts: usize) -> Value {
    let width = value.features() / parts;
    let source: Vec<_> = (index * width..(index + 1) * width).map(Some).collect();
    let op = Rearrange::new("slice", value.features(), &source, &context.placement);
    context.push(op, &[value], vec![width], None)
}

/// A matrix, row by row.
struct Matrix {
    extents: [usize; 2],
    numbers: Vec<f64>,
}

/// The matrices `[.., rows, columns]` of a constant, one for each matrix of the result at one
/// point, or a single one for all.
fn matrices(
    context: &Context,
    constant: &TensorIr,
    out: &TensorIr,
) -> Result<Vec<Matrix>, Refusal> {
    let shape = constant.shape.to_vec();
    let (leading, extents) = shape.split_at(shape.len().saturating_sub(2));
    let &[rows, columns] = extents else { return Err("a product of vectors".into()) };
    // As many leading axes as the result has, of the same extents: Burn's broadcasting.
    let mut like = out.clone();
    let axes = out.shape.len();
    like.shape = [&out.shape.to_vec()[..axes - 2], extents].concat().into();
    let numbers = if leading.iter().all(|&extent| extent == 1) {
        context.numbers(constant)?
    } else if axes == 2 || leading.first() != Some(&1) && leading[0] != context.points {
        return Err(MIXES_POINTS.into());
    } else {
        context.spread(constant, &like)?
    };
    let matrix = |numbers: &[f64]| Matrix { extents: [rows, columns], numbers: numbers.to_vec() };
    let matrices: Vec<Matrix> = numbers.chunks_exact((rows * columns).max(1)).map(matrix).collect();
    if matrices.is_empty() { Err("a product with an empty matrix".into()) } else { Ok(matrices) }
}
