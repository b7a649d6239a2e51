//! Conversions between types of numbers.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use super::JUMPS;
use crate::args::{Args, Outputs};
use crate::constant::Kind;
use crate::decode::type_of;
use crate::error::Refusal;

/// `Cast`: floats of any width are one type here, that of the device.
pub(super) fn cast(args: &Args) -> Result<Outputs, Refusal> {
    args.ignore(&["saturate", "round_mode"]);
    let target = args.attributes.int("to")?.ok_or("it does not say to which type")?;
    let (kind, _) =
        i32::try_from(target).map_err(|_| Refusal::from("an unknown type")).and_then(type_of)?;
    converted(args, kind)
}

pub(super) fn cast_like(args: &Args) -> Result<Outputs, Refusal> {
    args.ignore(&["saturate", "round_mode"]);
    converted(args, args.kind(1)?)
}

fn converted(args: &Args, kind: Kind) -> Result<Outputs, Refusal> {
    let array = args.array(0)?;
    let array = match (array.kind, kind) {
        (from, to) if from == to => array,
        // That a number of a value is 0 or 1 stays known: a product with it is a choice.
        (Kind::Bool, _) if array.is_mask() => array.into_floats(args.place.dtype),
        (_, Kind::Float) | (Kind::Bool, Kind::Int) => array.with_kind(kind),
        (Kind::Float, Kind::Int) => {
            refuse_jump(args);
            array.apply(Dispatch::float_trunc).with_kind(Kind::Int)
        }
        (_, Kind::Bool) => {
            refuse_jump(args);
            array.into_mask()
        }
        (Kind::Int, Kind::Int) => array,
    };
    Ok(array.into())
}

fn refuse_jump(args: &Args) {
    if args.depends(0) {
        args.refuse(JUMPS);
    }
}
