//! Rearrangements.

use burn::backend::ir::BaseOperationIr;

use super::{Context, NOT_SUPPORTED, Refusal};

pub(super) fn lower(context: &mut Context, operation: &BaseOperationIr) -> Result<(), Refusal> {
    match operation {
        // Features are in row-major order whatever their shape.
        BaseOperationIr::Reshape(reshape) => {
            let value = context.value(&reshape.input)?;
            context.alias(value, &reshape.out)
        }
        _ => Err(NOT_SUPPORTED.into()),
    }
}
