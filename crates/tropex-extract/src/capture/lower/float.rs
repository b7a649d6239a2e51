//! Operations of floats alone, of which matrix products matter.

use burn::backend::ir::{FloatOperationIr, MatmulOpIr, TensorIr};
use burn::tensor::TensorData;

use super::{Context, MIXES_POINTS, NOT_PIECEWISE_LINEAR, PRODUCT, Refusal};
use crate::capture::context::Value;
use crate::ops::{Concat, Each, Linear, Rearrange, Separable};

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

/// `X W`, where `W` may differ from matrix to matrix of `X` `[points, matrices.., rows, inputs]`.
fn value_by_constant(
    context: &mut Context,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(lhs)?;
    let weights = matrices(context, rhs, out)?;
    let [inputs, _] = weights[0].extents;
    let layer = context.layer(rhs);
    if let [weight] = weights.as_slice() {
        let linear = Linear::new(weight.data(), &context.placement);
        return context.emit(Each::of(linear, value.features() / inputs), &value, out, layer);
    }
    let rows = value.features() / weights.len() / inputs;
    let products: Vec<Value> = weights
        .iter()
        .enumerate()
        .map(|(index, weight)| {
            let part = part(context, &value, index, weights.len());
            let linear = Linear::new(weight.data(), &context.placement);
            let shape = vec![rows, weight.extents[1]];
            context.push(Each::of(linear, rows), &[&part], shape, layer.clone())
        })
        .collect();
    let widths = products.iter().map(Value::features).collect();
    let shape = context.point_shape(out)?;
    let value =
        context.push(Concat::new(widths), &products.iter().collect::<Vec<_>>(), shape, None);
    context.define(out, value)
}

/// One of several equal parts of a value's features.
fn part(context: &mut Context, value: &Value, index: usize, parts: usize) -> Value {
    let width = value.features() / parts;
    let source: Vec<_> = (index * width..(index + 1) * width).map(Some).collect();
    let op = Rearrange::new("slice", value.features(), &source, &context.placement);
    context.push(op, &[value], vec![width], None)
}

/// `W X` for every matrix of `X` `[points, .., inputs, columns]`.
fn constant_by_value(
    context: &mut Context,
    lhs: &TensorIr,
    rhs: &TensorIr,
    out: &TensorIr,
) -> Result<(), Refusal> {
    let value = context.value(rhs)?;
    let axes = rhs.shape.len();
    let planes = context.around(&value, rhs, axes.saturating_sub(2))?;
    let weights = matrices(context, lhs, out)?;
    let [weight] = weights.as_slice() else {
        return Err(
            "a product `constant x value` whose constant differs from matrix to matrix is \
                    not supported; swap the last two axes and write it as `value x constant`"
                .into(),
        );
    };
    let rows = weight.numbers.chunks_exact(weight.extents[1]).map(<[f64]>::to_vec).collect();
    let detail = format!("{} x {}", weight.extents[0], weight.extents[1]);
    let op = Separable::new("matrix x", detail, planes, [Some(rows), None], &context.placement);
    let layer = context.layer(lhs);
    context.emit(op, &value, out, layer)
}

/// A matrix, row by row.
struct Matrix {
    extents: [usize; 2],
    numbers: Vec<f64>,
}

impl Matrix {
    fn data(&self) -> TensorData {
        TensorData::new(self.numbers.clone(), self.extents)
    }
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
