//! Operations of floats alone, of which matrix products matter.

use burn::backend::ir::{FloatOperationIr, MatmulOpIr};
use burn::tensor::TensorData;

use super::{Context, NOT_SUPPORTED, Refusal};
use crate::ops::Linear;

pub(super) fn lower(context: &mut Context, operation: &FloatOperationIr) -> Result<(), Refusal> {
    match operation {
        FloatOperationIr::Matmul(product) => matmul(context, product),
        _ => Err(NOT_SUPPORTED.into()),
    }
}

fn matmul(context: &mut Context, product: &MatmulOpIr) -> Result<(), Refusal> {
    if context.is_constant(&product.lhs) {
        return Err("a product `constant x value` is not supported, only `value x constant`".into());
    }
    if !context.is_constant(&product.rhs) {
        return Err("a product of two values that depend on the input is not piecewise linear; \
                    only products `value x constant` are supported"
            .into());
    }
    let value = context.value(&product.lhs)?;
    let weight = matrix(context.constant(&product.rhs)?)?;
    let width = weight.shape()[0];
    let features: usize = value.shape.iter().product();
    if value.shape.last() != Some(&width) {
        return Err(format!("the weight has {width} rows, the value shape {:?}", value.shape));
    }
    let layer = context.layer(&product.rhs);
    let linear = Linear::new(weight, features / width, &context.placement);
    context.emit(linear, &[&value], &product.out, layer)
}

/// A constant `[.., 1, inputs, outputs]` as a matrix.
fn matrix(data: &TensorData) -> Result<TensorData, Refusal> {
    let shape = data.shape().to_vec();
    match shape.as_slice() {
        [ones @ .., inputs, outputs] if ones.iter().all(|&one| one == 1) => {
            let bytes = data.clone().into_bytes();
            Ok(TensorData::from_bytes(bytes, [*inputs, *outputs], data.dtype()))
        }
        _ => Err(format!("the weight of shape {shape:?} differs from point to point")),
    }
}
