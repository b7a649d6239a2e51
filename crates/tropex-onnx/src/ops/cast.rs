//! Conversions between types of numbers.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use super::reasons::JUMPS;
use crate::constant::NumberKind;
use crate::decode::type_of;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

/// `Cast`. Floats of all widths have one type here, that of the device.
pub(super) fn cast(args: &OpArgs) -> Result<OpOutputs, OpError> {
    args.ignore(&["saturate", "round_mode"]);
    let target = args.attributes.int("to")?.ok_or("it does not say to which type")?;
    let (kind, _) =
        i32::try_from(target).map_err(|_| OpError::from("an unknown type")).and_then(type_of)?;
    converted(args, kind)
}

pub(super) fn cast_like(args: &OpArgs) -> Result<OpOutputs, OpError> {
    args.ignore(&["saturate", "round_mode"]);
    converted(args, args.kind(1)?)
}

fn converted(args: &OpArgs, kind: NumberKind) -> Result<OpOutputs, OpError> {
    let array = args.array(0)?;
    let array = match (array.kind, kind) {
        (from, to) if from == to => array,
        // Truth values keep their kind, because a product with them is a choice.
        (NumberKind::Bool, _) if array.is_mask() => array.into_floats(args.options.dtype),
        (_, NumberKind::Float) | (NumberKind::Bool, NumberKind::Int) => array.with_kind(kind),
        (NumberKind::Float, NumberKind::Int) => {
            refuse_jump(args);
            array.apply(Dispatch::float_trunc).with_kind(NumberKind::Int)
        }
        (_, NumberKind::Bool) => {
            refuse_jump(args);
            array.into_mask()
        }
        (NumberKind::Int, NumberKind::Int) => array,
    };
    Ok(array.into())
}

fn refuse_jump(args: &OpArgs) {
    if args.depends(0) {
        args.refuse(JUMPS);
    }
}
