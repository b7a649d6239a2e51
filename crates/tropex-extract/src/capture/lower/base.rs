//! Lowering of rearrangements.

use burn::backend::ir::{BaseOperationIr, OperationIr};

use super::{LoweringContext, LoweringError, NOT_SUPPORTED, STEPS, mask, scatter};
use crate::capture::rearrange::rearrange;

pub(super) fn lower(
    context: &mut LoweringContext,
    operation: &OperationIr,
    base: &BaseOperationIr,
) -> Result<(), LoweringError> {
    use BaseOperationIr as Ir;
    let name = match base {
        // The features are in row-major order for every shape.
        Ir::Reshape(reshape) if context.is_discontinuous(&reshape.input) => {
            context.set_alias(&reshape.out, &reshape.input);
            return Ok(());
        }
        Ir::Cast(cast) if context.is_discontinuous(&cast.input) => {
            context.set_alias(&cast.out, &cast.input);
            return Ok(());
        }
        Ir::Reshape(reshape) => {
            let value = context.value(&reshape.input)?;
            return context.define(&reshape.out, value);
        }
        Ir::Cast(cast) => {
            let value = context.value(&cast.input)?;
            return context.define(&cast.out, value);
        }
        Ir::MaskWhere(choice)
            if !context.is_constant(&choice.mask)
                || [&choice.tensor, &choice.value]
                    .into_iter()
                    .any(|side| context.is_discontinuous(side)) =>
        {
            return mask::mask_where(context, choice);
        }
        Ir::MaskFill(choice)
            if !context.is_constant(&choice.mask) || context.is_discontinuous(&choice.tensor) =>
        {
            return mask::mask_fill(context, choice);
        }
        Ir::Equal(_) | Ir::EqualElem(_) | Ir::NotEqual(_) | Ir::NotEqualElem(_) => {
            return Err(STEPS.into());
        }
        Ir::Scatter(_) | Ir::ScatterNd(_) | Ir::SelectAssign(_) => {
            return scatter::lower(context, base);
        }
        Ir::SwapDims(_) | Ir::Permute(_) => "permute",
        Ir::Flip(_) => "flip",
        Ir::Expand(_) => "expand",
        Ir::RepeatDim(_) => "repeat",
        Ir::Unfold(_) => "unfold",
        Ir::Slice(_) => "slice",
        Ir::SliceAssign(_) => "assign",
        Ir::Select(_) | Ir::Gather(_) | Ir::GatherNd(_) => "select",
        Ir::Cat(_) => "interleave",
        Ir::MaskWhere(_) | Ir::MaskFill(_) => "mask",
        _ => return Err(NOT_SUPPORTED.into()),
    };
    rearrange(context, name, operation)
}

/// Masks with another shape.
pub(super) fn lower_mask(
    context: &mut LoweringContext,
    base: &BaseOperationIr,
) -> Result<(), LoweringError> {
    match base {
        BaseOperationIr::Reshape(reshape) if context.mask(&reshape.input).is_some() => {
            context.set_alias(&reshape.out, &reshape.input);
            Ok(())
        }
        _ => Err(STEPS.into()),
    }
}
