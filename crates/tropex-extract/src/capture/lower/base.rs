//! Rearrangements.

use burn::backend::ir::{BaseOperationIr, OperationIr};

use super::{Context, JUMPS, NOT_SUPPORTED, Refusal, mask};
use crate::capture::rearrange::rearrange;

pub(super) fn lower(
    context: &mut Context,
    operation: &OperationIr,
    base: &BaseOperationIr,
) -> Result<(), Refusal> {
    use BaseOperationIr as Ir;
    let name = match base {
        // Features are in row-major order whatever their shape.
        Ir::Reshape(reshape) => {
            let value = context.value(&reshape.input)?;
            return context.define(&reshape.out, value);
        }
        Ir::Cast(cast) => {
            let value = context.value(&cast.input)?;
            return context.define(&cast.out, value);
        }
        Ir::MaskWhere(choice) if !context.is_constant(&choice.mask) => {
            return mask::mask_where(context, choice);
        }
        Ir::MaskFill(choice) if !context.is_constant(&choice.mask) => {
            return mask::mask_fill(context, choice);
        }
        Ir::Equal(_) | Ir::EqualElem(_) | Ir::NotEqual(_) | Ir::NotEqualElem(_) => {
            return Err(JUMPS.into());
        }
        Ir::SwapDims(_) | Ir::Permute(_) => "permute",
        Ir::Flip(_) => "flip",
        Ir::Expand(_) => "expand",
        Ir::RepeatDim(_) => "repeat",
        Ir::Unfold(_) => "unfold",
        Ir::Slice(_) => "slice",
        Ir::SliceAssign(_) => "assign",
        Ir::Select(_) | Ir::Gather(_) => "select",
        Ir::Cat(_) => "interleave",
        Ir::MaskWhere(_) | Ir::MaskFill(_) => "mask",
        _ => return Err(NOT_SUPPORTED.into()),
    };
    rearrange(context, name, operation)
}
